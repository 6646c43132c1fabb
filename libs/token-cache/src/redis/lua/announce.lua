-- Announces a purge of all keys of a group.
-- KEYS     1 any key of the server that is to do so
-- ARGV     1 event channel, 2 group, 3 the fence up to which everything is void
-- Answers  1
publish('purged-group', ARGV[3])
return 1
