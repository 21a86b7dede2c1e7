-- Takes a user on whose grace is over: while one node tidies a user, no other does, unless that node takes too long.
-- ARGV: 1 user, 2 how long a node may take, in ms
-- Returns {claim, session, ...}; nothing when the user has come back, or is taken on by another node.
local user, now = ARGV[1], clock()
local due = redis.call('ZSCORE', bucket .. 'departures', user)
if not due or tonumber(due) > now then
  return {}
end
local claim = text(now + ARGV[2])
redis.call('ZADD', bucket .. 'departures', claim, user)
for _, field in ipairs(redis.call('HKEYS', key('user', user))) do
  if #field > 1 then
    redis.call('ZREM', bucket .. 'departures', user)
    return {}
  end
end
local answer = redis.call('SMEMBERS', key('left', user))
table.insert(answer, 1, claim)
return answer
