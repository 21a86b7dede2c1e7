-- Says that a node is alive, and asks which are not. All in the time of Redis, so that the nodes' clocks need not agree.
-- KEYS: nodes
-- ARGV: 1 node, 2 how long a node may be silent, in ms
-- Returns {1 when the node was not known, node, its last beat in ms, ...} with the nodes that are dead.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local added = redis.call('ZADD', KEYS[1], now, ARGV[1])
local answer = { added }
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2], 'WITHSCORES')
for i = 1, #dead do
  answer[#answer + 1] = dead[i]
end
return answer
