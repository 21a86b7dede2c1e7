-- Takes seats of a node again, unless others have the places that the device policy gives a user.
-- ARGV: 1 node, 2 most seats (0 = any number), then for each seat: connection id, user, kind, since, session
-- Returns {epoch, feed or empty, sequence, ...}, two for each seat; the sequence is empty where there is no place.
local answer = { redis.call('HGET', KEYS[1], 'epoch') or '' }
for i = 3, #ARGV, 5 do
  local connection, user, kind = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local name = key('user', user)
  local fields = redis.pcall('HGETALL', name)
  local at = { '', '0' }
  if not fields.err then
    local last, found, seats = 0, false, 0
    for j = 1, #fields, 2 do
      if #fields[j] > 1 then
        last = math.max(last, tonumber((seat(fields[j + 1]))))
        found = found or fields[j] == connection
        seats = seats + 1
      end
    end
    if not found and tonumber(ARGV[2]) > 0 and seats >= tonumber(ARGV[2]) then
      at = { '', '' }
    else
      redis.call('HSET', key('node', ARGV[1]), connection, user)
      if not found then
        redis.call('HSET', name, connection, string.format('%d|%s|%s|%s|%s', last + 1, ARGV[1], kind, ARGV[i + 3], ARGV[i + 4]))
      end
      redis.call('PERSIST', name)
      if kind == 'x' then
        feed(user)
        redis.call('HDEL', name, 't')
        at = redis.call('HMGET', name, 'b', 'n')
      end
    end
  end
  answer[#answer + 1] = at[1]
  answer[#answer + 1] = at[2]
end
return answer
