-- Decides about a rejection of the shared token (the rule is paceRejection in slot/rejection-pace.ts).
-- ARGV     3 generation, 4 paceMs, 5 maxPaceMs, 6 contested ('1', '0')
-- Answers  replaced, contested, held or stale
local token, record = read_slot({ 'fence', 'invalidated', 'rejected', 'replacedAt', 'paceMs' })
if not token or token.fence ~= tonumber(ARGV[3]) then return 'stale' end
if is_marked(token, record[2], record[3]) then return 'stale' end

local paceMs, maxPaceMs, contested = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local last, replacedAt, lastPaceMs = whole(record[3]), whole(record[4]), whole(record[5]) or 0
-- An instant that lies ahead was written before the clock was set back, and says nothing.
local elapsedMs = last and replacedAt and replacedAt <= nowMs and nowMs - replacedAt or math.huge
if elapsedMs < (contested and maxPaceMs or lastPaceMs) then return last == token.fence and 'stale' or 'held' end

local nextPaceMs = paceMs
if elapsedMs <= 2 * lastPaceMs then nextPaceMs = math.min(math.max(2 * lastPaceMs, paceMs), maxPaceMs) end
settle_group_purge()
local fence = int(math.max(whole(record[1]) or 0, token.fence))
write_record('fence', fence, 'published', ARGV[3], 'rejected', ARGV[3], 'replacedAt', int(nowMs), 'paceMs', int(nextPaceMs))
if not contested then write_record('invalidated', '1') end
keep()
if contested then return 'contested' end
publish('invalidated', ARGV[3])
return 'replaced'
