-- Ends a departure, unless the user has left again since it was taken on.
-- ARGV: 1 user, 2 claim
if redis.call('ZSCORE', bucket .. 'departures', ARGV[1]) == ARGV[2] then
  redis.call('ZREM', bucket .. 'departures', ARGV[1])
  redis.call('DEL', key('left', ARGV[1]))
end
return 0
