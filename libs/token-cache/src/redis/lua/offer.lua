-- Publishes a token without a lease, unless there is a better one or this one is void (the rule is offer in slot/offer.ts).
-- ARGV     3 generation, 4 payload, 5 ttlMs, 6 the time of the last answer in us or '' for none, 7 how many ms ago that came
-- Answers  stored
--          voided
--          superseded, and token ttlMs of one that serves
local mine = tonumber(ARGV[3])
local token, record = read_slot({ 'fence', 'published', 'awaited', 'voided', 'invalidated', 'rejected', 'nonce' })
local voided = voided_up_to(record[1], record[4], record[5], record[6])
if mine <= voided then return { 'voided' } end
if token and not is_marked(token, record[5], record[6]) then
  if token.value == ARGV[3] .. ':' .. ARGV[4] then return { 'stored' } end
  return answer('superseded', token)
end

local answeredAtUs = tonumber(ARGV[6])
local lateMs = answeredAtUs and math.max(0, (nowUs - answeredAtUs) / 1000 - ARGV[7]) or 0
local lifeMs = math.floor(ARGV[5] - lateMs)
local last, published = whole(record[1]) or 0, whole(record[2]) or 0
-- The fence of a lease is published by its commit.
local committable = mine == last and mine ~= published
if mine < published or committable or lifeMs <= 0 then return { 'superseded' } end

settle_group_purge()
redis.call('SET', KEYS[1], ARGV[3] .. ':' .. ARGV[4], 'PX', int(lifeMs))
write_record('fence', int(math.max(last, mine)), 'published', ARGV[3], 'voided', int(voided))
redis.call('HDEL', KEYS[2], 'awaited', 'invalidated')
-- A lease below what is published could not commit any more. The commit of another one is announced to who takes this token.
if mine > last then redis.call('HDEL', KEYS[2], 'nonce', 'leaseEndsAt', 'leaseMs')
elseif record[7] then redis.call('HSET', KEYS[2], 'awaited', '1') end
keep()
-- Where the record was lost, it is unknown whether a process waits.
if record[3] or not record[1] then publish('stored', ARGV[3]) end
return { 'stored' }
