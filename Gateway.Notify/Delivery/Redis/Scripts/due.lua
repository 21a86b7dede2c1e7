-- Takes on users whose grace is over: while one node tidies a user, no other does, unless that node takes too long.
-- ARGV: 1 how many at most, 2 how long a node may take, in ms
-- Returns {{user, claim, session, ...}, ...}; those who have come back are left out.
local now, answer = clock(), {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', bucket .. 'departures', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local online = false
  for _, field in ipairs(redis.call('HKEYS', key('user', user))) do
    online = online or #field > 1
  end
  if online then
    redis.call('ZREM', bucket .. 'departures', user)
  else
    local claim = text(now + ARGV[2])
    redis.call('ZADD', bucket .. 'departures', claim, user)
    answer[#answer + 1] = { user, claim, unpack(redis.call('SMEMBERS', key('left', user))) }
  end
end
return answer
