-- Takes on the departures whose grace is over: while one node tidies a user, no other does, unless that node takes too long.
-- KEYS: departures
-- ARGV: 1 how many at most, 2 how long a node may take, in ms
-- Returns {user, claim, ...}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for _, user in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local claim = string.format('%.0f', now + ARGV[2])
  redis.call('ZADD', KEYS[1], claim, user)
  answer[#answer + 1] = user
  answer[#answer + 1] = claim
end
return answer
