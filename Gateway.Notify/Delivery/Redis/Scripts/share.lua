-- Notes how many sockets a node has, and says it of every node that is alive. KEYS[1] is '<prefix>sockets', a hash: node -> sockets|noted at (ms).
-- ARGV: 1 node, 2 how long a node may be silent in ms, 3 its sockets, or empty: it is about to go
-- Returns {node, sockets, ...}.
local now, answer = clock(), {}
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. '|' .. text(now))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local sockets, at = string.match(fields[i + 1], '^(%d+)|(%d+)$')
  if math.abs(now - at) < tonumber(ARGV[2]) then
    answer[#answer + 1] = fields[i]
    answer[#answer + 1] = sockets
  else
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
return answer
