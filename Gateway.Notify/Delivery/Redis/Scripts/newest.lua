-- Says which sockets are their users' newest, and which their sessions'.
-- ARGV: for each socket: connection id, user, session
-- Returns for each: 1 if it is the user's, 2 if it is the session's, 3 if it is both, else 0; a socket without a seat is neither.
local answer = {}
for i = 1, #ARGV, 3 do
  local fields = redis.pcall('HGETALL', key('user', ARGV[i + 1]))
  local own, others, same = 0, 0, 0
  for j = 1, fields.err and 0 or #fields, 2 do
    if #fields[j] > 1 then
      local order, _, _, _, session = seat(fields[j + 1])
      order = tonumber(order)
      if fields[j] == ARGV[i] then
        own = order
      else
        others = math.max(others, order)
        same = session == ARGV[i + 2] and math.max(same, order) or same
      end
    end
  end
  answer[#answer + 1] = (own > others and 1 or 0) + (own > same and 2 or 0)
end
return answer
