-- Keeps a user's feed alive, and says where it stands and which seats a node has.
-- KEYS: feed, log, seats
-- ARGV: 1 node, 2 life of the feed in ms
-- Returns {} when the feed is gone, otherwise {epoch, sequence, connection id, ...}.
local feed = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
if not feed[1] then
  return {}
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])

local answer = { feed[1], feed[2] }
local seats = redis.call('HGETALL', KEYS[3])
for i = 1, #seats, 2 do
  if string.match(seats[i + 1], '^%d+|([^|]*)|') == ARGV[1] then
    answer[#answer + 1] = seats[i]
  end
end
return answer
