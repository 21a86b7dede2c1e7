-- Makes a node's seats of a user exactly those it names: after an outage, or after others took the node for dead.
-- KEYS: feed, log, seats
-- ARGV: 1 node, 2 epoch for a new feed, 3 life of the feed in ms, then for each seat: connection id, kind, since, session
-- Returns {number of seats of all nodes, epoch, sequence}.
local wanted = {}
for i = 4, #ARGV, 4 do
  wanted[ARGV[i]] = true
end

local seats = redis.call('HGETALL', KEYS[3])
local taken, last = {}, 0
for i = 1, #seats, 2 do
  local order, node = string.match(seats[i + 1], '^(%d+)|([^|]*)|')
  last = math.max(last, tonumber(order))
  taken[seats[i]] = true
  if node == ARGV[1] and not wanted[seats[i]] then
    redis.call('HDEL', KEYS[3], seats[i])
  end
end

local extended = false
for i = 4, #ARGV, 4 do
  if not taken[ARGV[i]] then
    last = last + 1
    redis.call('HSET', KEYS[3], ARGV[i], string.format('%d|%s|%s|%s|%s', last, ARGV[1], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]))
  end
  extended = extended or ARGV[i + 1] == 'x'
end

local count = redis.call('HLEN', KEYS[3])
if count > 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('DEL', KEYS[2])
    redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'sequence', 0, 'bytes', 0)
  end
  if extended then
    redis.call('HSET', KEYS[1], 'extended', 1)
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
local feed = redis.call('HMGET', KEYS[1], 'epoch', 'sequence')
return { count, feed[1] or '', feed[2] or '0' }
