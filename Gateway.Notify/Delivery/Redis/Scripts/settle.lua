-- Ends a departure, unless the user has left again since it was taken on.
-- ARGV: 1 user, 2 claim
-- Returns 1 if the user has gone; 0 if he is back or the departure is another's.
if redis.call('ZSCORE', bucket .. 'departures', ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('ZREM', bucket .. 'departures', ARGV[1])
redis.call('DEL', key('left', ARGV[1]))
for _, field in ipairs(redis.call('HKEYS', key('user', ARGV[1]))) do
  if #field > 1 then
    return 0
  end
end
return 1
