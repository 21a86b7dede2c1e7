-- Gives a connection a seat by the device policy, and says what it has missed.
-- ARGV: 1 node, 2 connection id, 3 user, 4 kind (x extended, p plain), 5 since, 6 session, 7 most seats (0 = any number),
--       8 replaces its own session (0 or 1), 9 kicks the oldest (0 or 1), 10 predecessor's connection id or empty, 11 PUBLISH or SPUBLISH,
--       12 epoch and 13 sequence to resume from, or empty, 14 when it is too late
-- Returns {'unknown'} if the node is, {'late'}, {'full'}, or {'in', or 'first' if the user had no seat and no grace, epoch, feed or empty, sequence, resumed, entry, body, ...}.
local user, name = ARGV[3], key('user', ARGV[3])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch or redis.call('HEXISTS', bucket .. 'boxes', ARGV[1]) == 0 then
  return { 'unknown' }
end
if clock() > tonumber(ARGV[14]) then
  return { 'late' }
end

local fields = redis.call('HGETALL', name)
local leaving, staying, last = {}, {}, 0
for i = 1, #fields, 2 do
  if #fields[i] > 1 then
    local order, node, _, _, session = seat(fields[i + 1])
    order = tonumber(order)
    last = math.max(last, order)
    if fields[i] ~= ARGV[2] then
      local other = { id = fields[i], order = order, node = node }
      if fields[i] == ARGV[10] or (ARGV[8] == '1' and session == ARGV[6]) then
        leaving[#leaving + 1] = other
      else
        staying[#staying + 1] = other
      end
    end
  end
end

local most = tonumber(ARGV[7])
local surplus = #staying - most + 1
if most > 0 and surplus > 0 then
  if ARGV[9] ~= '1' then
    return { 'full' }
  end
  table.sort(staying, function(a, b) return a.order < b.order end)
  for i = 1, surplus do
    leaving[#leaving + 1] = staying[i]
  end
end

for _, other in ipairs(leaving) do
  redis.call('HDEL', name, other.id)
  redis.call('HDEL', key('node', other.node), other.id)
  post(other.node, ARGV[11], 'k', other.id, 'u', user)
end
redis.call('HSET', key('node', ARGV[1]), ARGV[2], user)
redis.call('HSET', name, ARGV[2], string.format('%d|%s|%s|%s|%s', last + 1, ARGV[1], ARGV[4], ARGV[5], ARGV[6]))
redis.call('PERSIST', name)
local first = last == 0 and not redis.call('ZSCORE', bucket .. 'departures', user)
local answer = { first and 'first' or 'in', epoch }
if ARGV[4] == 'x' then
  feed(user)
  redis.call('HDEL', name, 't')
  for _, value in ipairs(missed(user, ARGV[12], ARGV[13] == '' and '0' or ARGV[13])) do
    answer[#answer + 1] = value
  end
end
return answer
