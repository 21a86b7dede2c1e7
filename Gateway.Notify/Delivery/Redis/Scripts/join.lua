-- Gives a connection a seat by the device policy, and says where the user's feed stands.
-- A seat is a field of the seats hash: connection id -> order|node|kind|since|session.
-- KEYS: feed, log, seats, channel
-- ARGV: 1 connection id, 2 node, 3 kind (x extended, p plain), 4 now in ms, 5 session, 6 most seats (0 = any number),
--       7 replaces its own session (0 or 1), 8 kicks the oldest (0 or 1), 9 predecessor's connection id or empty,
--       10 epoch for a new feed, 11 life of the feed in ms, 12 PUBLISH or SPUBLISH
-- Returns {'full'} or {'in', epoch, sequence}.
local seats = redis.call('HGETALL', KEYS[3])
local leaving, staying, last = {}, {}, 0
for i = 1, #seats, 2 do
  local order, session = string.match(seats[i + 1], '^(%d+)|[^|]*|[^|]*|[^|]*|(.*)$')
  order = tonumber(order)
  last = math.max(last, order)
  if seats[i] ~= ARGV[1] then
    if seats[i] == ARGV[9] or (ARGV[7] == '1' and session == ARGV[5]) then
      leaving[#leaving + 1] = seats[i]
    else
      staying[#staying + 1] = { id = seats[i], order = order }
    end
  end
end

local most = tonumber(ARGV[6])
local surplus = #staying - most + 1
if most > 0 and surplus > 0 then
  if ARGV[8] ~= '1' then
    return { 'full' }
  end
  table.sort(staying, function(a, b) return a.order < b.order end)
  for i = 1, surplus do
    leaving[#leaving + 1] = staying[i].id
  end
end

for _, id in ipairs(leaving) do
  redis.call('HDEL', KEYS[3], id)
end
redis.call('HSET', KEYS[3], ARGV[1], string.format('%d|%s|%s|%s|%s', last + 1, ARGV[2], ARGV[3], ARGV[4], ARGV[5]))
if #leaving > 0 then
  redis.call(ARGV[12], KEYS[4], 'K ' .. table.concat(leaving, ' '))
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[10], 'sequence', 0, 'bytes', 0)
end
if ARGV[3] == 'x' then
  redis.call('HSET', KEYS[1], 'extended', 1)
end
redis.call('PEXPIRE', KEYS[1], ARGV[11])
redis.call('PEXPIRE', KEYS[2], ARGV[11])
return { 'in', redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], 'sequence') }
