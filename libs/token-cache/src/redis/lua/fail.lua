-- Releases a lease and remembers the failure.
-- ARGV     3 nonce, 4 fence, 5 cooldownMs or '' for none, 6 error, 7 the only process that the cool-down binds or '' for the fleet
-- Answers  1, or 0 when the lease is no longer the caller's
local _, record = read_slot({ 'nonce', 'fence', 'awaited', 'failures', 'coolEndsAt', 'coolProcess' })
if record[1] ~= ARGV[3] or record[2] ~= ARGV[4] then return 0 end
redis.call('HDEL', KEYS[2], 'nonce', 'leaseEndsAt', 'leaseMs', 'awaited')
if ARGV[5] ~= '' then
  local endsAt, process = int(nowMs + ARGV[5]), ARGV[7]
  -- While a cool-down lasts that is not of this process, two have failed, and the fleet is bound.
  if remaining_ms(record[5]) > 0 and (bound(record[6], record[5]) or '') ~= process then process = '' end
  write_record('failures', int((whole(record[4]) or 0) + 1), 'coolEndsAt', endsAt, 'error', ARGV[6])
  if process ~= '' then write_record('coolProcess', endsAt .. ':' .. process) else redis.call('HDEL', KEYS[2], 'coolProcess') end
end
keep()
if record[3] then publish('failed', ARGV[4]) end
return 1
