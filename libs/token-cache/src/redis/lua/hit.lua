-- Part of acquire.lua, which follows: answers a hit before anything is read or made that only other answers need.
local valid, marks = read_slot({ 'fence', 'voided', 'invalidated', 'rejected' })
local fence, voided, invalidated, rejected = unpack(marks, 1, 4)
local marked = valid and is_marked(valid, invalidated, rejected)
local token = valid and not marked and valid.fence ~= whole(ARGV[6]) and valid or nil
local voidedUpTo = voided_up_to(fence, voided, invalidated, rejected)

local function hit()
  return { 'hit', token.value, token.ttlMs, voidedUpTo }
end

if token and token.ttlMs > tonumber(ARGV[5]) then return hit() end
