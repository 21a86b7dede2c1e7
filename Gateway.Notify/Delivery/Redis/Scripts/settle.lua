-- Ends a departure, unless the user has left again since it was taken on.
-- KEYS: departures
-- ARGV: 1 user, 2 claim
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
