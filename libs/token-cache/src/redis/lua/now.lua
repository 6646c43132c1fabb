-- The time of the server that has this key.
-- ARGV     none of its own
-- Answers  epoch ms
return nowMs
