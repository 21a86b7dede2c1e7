-- Numbers an event for those who have extended clients, keeps it for who of them missed it, and puts one letter into the mailbox of
-- each node that holds a recipient.
-- ARGV: 1 sender and number of this call, 2 published at in ms, 3 event id if its body is kept elsewhere, or empty, 4 body,
--       5 most events, 6 most bytes and 7 longest age in ms that are kept of a user, 8 PUBLISH or SPUBLISH,
--       9 whether to say who has no socket (0 or 1), then the recipients
-- Returns {epoch, or empty if the bucket is not what it was and nothing has been done; user refused, error, ...; user without a socket, '', ...}.
local answer = { redis.call('HGET', KEYS[1], 'epoch') or '' }
if answer[1] == '' then
  return answer
end

-- 1. Who is where.
local letters, numbered, now = {}, {}, nil
for i = 10, #ARGV do
  local user = ARGV[i]
  local name = key('user', user)
  local fields = redis.pcall('HGETALL', name)
  if fields.err then
    answer[#answer + 1] = user
    answer[#answer + 1] = fields.err
  else
    local nodes, extended, own = {}, false, {}
    for j = 1, #fields, 2 do
      local field, value = fields[j], fields[j + 1]
      if #field > 1 then
        local node, kind = string.match(value, '^%d+|([^|]*)|(.)')
        nodes[node] = true
        extended = extended or kind == 'x'
      else
        own[field] = value
      end
    end
    local sequence = '0'
    if own.b then
      now = now or clock()
      if not extended and own.t and now - own.t > tonumber(ARGV[7]) then
        -- Nobody has come to resume in time.
        redis.call('HDEL', name, 'b', 'n', 'z', 't', 'e')
        redis.call('DEL', key('log', user))
      else
        sequence = text(own.n + 1)
        numbered[#numbered + 1] = { user = user, name = name, sequence = sequence, bytes = own.z, extended = own.e }
      end
    end
    if ARGV[9] == '1' and not next(nodes) then
      answer[#answer + 1] = user
      answer[#answer + 1] = ''
    end
    for node in pairs(nodes) do
      local letter = letters[node]
      if not letter then
        letter = {}
        letters[node] = letter
      end
      letter[#letter + 1] = user
      letter[#letter + 1] = sequence
    end
  end
end

-- 2. What is kept. A body that several logs name is kept once.
local length, body = #ARGV[4], ARGV[4]
local kind = ' i'
if ARGV[3] ~= '' then
  kind = ' e ' .. ARGV[3]
elseif #numbered > 1 and length > 128 then
  kind, body = ' s ' .. ARGV[1], ''
  redis.call('SET', key('event', ARGV[1]), ARGV[4], 'PX', ARGV[7])
end
local function keep(one)
  local log = key('log', one.user)
  local count = redis.call('RPUSH', log, one.sequence .. ' ' .. ARGV[2] .. ' ' .. length .. kind .. '\n' .. body)
  local bytes = count == 1 and length or one.bytes + length
  while count > tonumber(ARGV[5]) or bytes > tonumber(ARGV[6]) do
    bytes = bytes - string.match(redis.call('LPOP', log), '^%d+ %d+ (%d+)')
    count = count - 1
  end
  local extended = one.extended
  if count == 1 or not extended or math.abs(now - extended) > ARGV[7] / 4 then
    -- Not with each event: it costs as much as keeping it.
    extended = text(now)
    redis.call('PEXPIRE', log, text(1.25 * ARGV[7]))
  end
  redis.call('HSET', one.name, 'n', one.sequence, 'z', text(bytes), 'e', extended)
end

for _, one in ipairs(numbered) do
  if not pcall(keep, one) then
    -- The user is told all the same; who resumes finds that it is gone.
    redis.pcall('DEL', key('log', one.user))
    redis.pcall('HSET', one.name, 'n', one.sequence, 'z', 0)
  end
end

-- 3. Who hears of it.
for node, recipients in pairs(letters) do
  post(node, ARGV[8], 'e', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'b', ARGV[4], unpack(recipients))
end
return answer
