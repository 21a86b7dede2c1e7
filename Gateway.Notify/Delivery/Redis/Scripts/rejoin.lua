-- Takes seats of a node again, whatever the device policy: the sockets are there.
-- ARGV: 1 node, then for each seat: connection id, user, kind, since, session
-- Returns {epoch, feed or empty, sequence, ...}, two for each seat.
local answer = { redis.call('HGET', KEYS[1], 'epoch') or '' }
for i = 2, #ARGV, 5 do
  local connection, user, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local name = key('user', user)
  local fields = redis.pcall('HGETALL', name)
  local at = { '', '0' }
  if not fields.err then
    local last, found = 0, false
    for j = 1, #fields, 2 do
      if #fields[j] > 1 then
        last = math.max(last, tonumber((seat(fields[j + 1]))))
        found = found or fields[j] == connection
      end
    end
    if not found then
      redis.call('HSET', name, connection, string.format('%d|%s|%s|%s|%s', last + 1, ARGV[1], kind, ARGV[i + 3], ARGV[i + 4]))
    end
    redis.call('HSET', key('node', ARGV[1]), connection, user)
    redis.call('PERSIST', name)
    if kind == 'x' then
      feed(user)
      redis.call('HDEL', name, 't')
      at = redis.call('HMGET', name, 'b', 'n')
    end
  end
  answer[#answer + 1] = at[1]
  answer[#answer + 1] = at[2]
end
return answer
