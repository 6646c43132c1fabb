-- Deletes the token only if it is still that generation.
-- ARGV     3 generation
-- Answers  1, or 0 when it is not
local token = read_token()
if not token or token.fence ~= tonumber(ARGV[3]) then return 0 end
local last = whole(read_record('fence')[1]) or 0
redis.call('DEL', KEYS[1])
write_record('fence', int(math.max(last, token.fence)), 'published', ARGV[3], 'invalidated', '1')
keep()
publish('invalidated', ARGV[3])
return 1
