-- Publishes a token under its fence and releases the lease.
-- ARGV     3 fence, 4 leaseMs, 5 payload, 6 ttlMs, 7 how many ms the lease was held when this was sent ('' for unknown)
-- Answers  stored
--          duplicate
--          voided
--          superseded, and token ttlMs if a newer one is valid
local mine = tonumber(ARGV[3])
local token, record = read_slot({ 'fence', 'published', 'awaited', 'voided', 'invalidated', 'rejected' })
local voided = voided_up_to(record[1], record[4], record[5], record[6])
if mine <= voided then return { 'voided' } end
if token and token.fence == mine then return { 'duplicate' } end
if token and token.fence > mine then return answer('superseded', token) end

local last, published = whole(record[1]), whole(record[2])
local newer = last and last > mine
-- A fence is published once: a resent command must not bring its token back after that has gone.
local gone = published == mine
-- With all records lost, a newer fence may have come and gone; within the lease it cannot.
local unknown = not token and not last and nowUs - mine > tonumber(ARGV[4]) * 1000
if newer or gone or unknown then return { 'superseded' } end

-- The fence tells when the lease was granted; the time that the commit took to arrive comes off the token's life.
local sinceGrantMs = tonumber(ARGV[7])
local lateMs = sinceGrantMs and math.max(0, (nowUs - mine) / 1000 - sinceGrantMs) or 0
local lifeMs = math.floor(ARGV[6] - lateMs)
settle_group_purge()
if lifeMs > 0 then redis.call('SET', KEYS[1], ARGV[3] .. ':' .. ARGV[5], 'PX', int(lifeMs)) else redis.call('DEL', KEYS[1]) end
write_record('fence', ARGV[3], 'published', ARGV[3], 'voided', int(voided))
redis.call('HDEL', KEYS[2], 'nonce', 'leaseEndsAt', 'leaseMs', 'awaited')
redis.call('HDEL', KEYS[2], 'coolEndsAt', 'coolProcess', 'error', 'failures', 'invalidated')
keep()
-- Where the record was lost, it is unknown whether a process waits.
if record[3] or not record[1] then publish('stored', ARGV[3]) end
return { 'stored' }
