-- Purges all keys of a group by a note of its fence, which every step on such a key looks at.
-- KEYS     the notes of all buckets that are to be purged
-- ARGV     1 event channel, 2 group, 3 the last ms at which that may be done or '' for any, 4 whether it is announced ('1', '0')
-- Answers  the fence up to which everything is void; nil when it is too late
local deadline = whole(ARGV[3])
if deadline and nowMs > deadline then return false end
local fence = nowUs
for _, key in ipairs(KEYS) do fence = math.max(fence, (whole(read('GET', key)) or 0) + 1) end
if fence >= 9007199254740992 then fence = nowUs end
-- No token, and no record that is not written again, is kept for longer than 2^31 ms and a day.
for _, key in ipairs(KEYS) do redis.call('SET', key, int(fence), 'PX', '2233883648') end
if ARGV[4] == '1' then publish('purged-group', int(fence)) end
return int(fence)
