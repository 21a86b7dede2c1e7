-- Goes ahead of every other script. All keys of a bucket begin alike and share a hash tag; KEYS[1] is '<bucket>state'.
--   state         hash: epoch, run (of the primary), checked and changed (ms), feeds (how many have been begun)
--   user:<user>   hash: connection id -> order|node|kind|since|session or nothing; with extended clients also n (sequence), b (which feed),
--                 z (bytes kept), e (when the log's life was last extended), t (when the last extended seat went)
--   log:<user>    list: the newest events of a user with extended clients, each with its number
--   event:<ref>   the body of an event that several logs name
--   node:<node>   hash: connection id -> user; gone:<node> the same, of seats that are to be struck
--   boxes         hash: node -> number of its newest letter; box:<node> stream of letters, their number as id
--   nodes         sorted set: node -> last beat; departures: user -> end of the grace
--   left:<user>   set: the sessions of sockets that have left
-- All times are of Redis, so that the nodes' clocks need not agree.
local bucket = string.sub(KEYS[1], 1, -6)

local function key(kind, name)
  return bucket .. kind .. ':' .. name
end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end

local function seat(value)
  return string.match(value, '^(%d+)|([^|]*)|([^|]*)|([^|]*)|(.*)$')
end

-- Puts a letter into the mailbox of a node that is known, and tells it to look.
local function post(node, publish, ...)
  if redis.call('HEXISTS', bucket .. 'boxes', node) == 1 then
    local number = redis.call('HINCRBY', bucket .. 'boxes', node, 1)
    redis.call('XADD', key('box', node), 'MAXLEN', '~', 4096, text(number) .. '-0', ...)
    redis.call(publish, key('hint', node), '')
  end
end

-- Begins to count a user's events, if nobody has.
local function feed(user)
  local name = key('user', user)
  if redis.call('HEXISTS', name, 'b') == 0 then
    redis.call('HSET', name, 'b', redis.call('HINCRBY', KEYS[1], 'feeds', 1), 'n', 0, 'z', 0)
    redis.call('DEL', key('log', user))
  end
end

-- What came after a position: {feed, sequence, 1 or 0 (some of it is gone), entry, body, ...}.
local function missed(user, from, sequence)
  local name = key('user', user)
  local at = redis.call('HMGET', name, 'b', 'n')
  local epoch = redis.call('HGET', KEYS[1], 'epoch')
  local answer = { at[1] or '', at[2] or '0', 0 }
  local top, after = tonumber(at[2] or '0'), tonumber(sequence)
  if not at[1] or from ~= epoch .. '-' .. at[1] or after > top then
    return answer
  end
  local entries = after == top and {} or redis.call('LRANGE', key('log', user), after - top, -1)
  if #entries < top - after then
    return answer
  end
  for i, entry in ipairs(entries) do
    local number, head, body = string.match(entry, '^(%d+) ([^\n]*)\n(.*)$')
    if tonumber(number) ~= after + i then
      -- A step that failed half-way has numbered an event, and not kept it.
      return { answer[1], answer[2], 0 }
    end
    local ref = string.match(head, ' s (.*)$')
    if ref then
      body = redis.call('GET', key('event', ref))
    end
    if not body then
      return { answer[1], answer[2], 0 }
    end
    answer[#answer + 1] = head
    answer[#answer + 1] = body
  end
  answer[3] = 1
  return answer
end

-- Takes a seat; with the user's last one the grace for coming back begins. The seat goes last: a step that fails half-way is taken again.
-- rule: {remember sessions (0 or 1), for how long, grace or empty for none, life of what can be resumed}, times in ms
-- Returns when the grace is over, if it has begun.
local function unseat(user, connection, rule, gone)
  local name = key('user', user)
  local taken = redis.call('HGET', name, connection)
  if not taken then
    return
  end
  local _, _, kind, _, session = seat(taken)
  if rule[1] == '1' then
    redis.call('SADD', key('left', user), session)
    redis.call('PEXPIRE', key('left', user), rule[2])
  end
  local seats, extended = 0, 0
  local fields = redis.call('HGETALL', name)
  for i = 1, #fields, 2 do
    if #fields[i] > 1 and fields[i] ~= connection then
      seats = seats + 1
      local _, _, other = seat(fields[i + 1])
      extended = extended + (other == 'x' and 1 or 0)
    end
  end
  if kind == 'x' and extended == 0 then
    redis.call('HSET', name, 't', text(clock()))
  end
  local due
  if seats == 0 then
    redis.call('PEXPIRE', name, rule[4])
    if rule[3] ~= '' then
      due = text((gone or clock()) + rule[3])
      redis.call('ZADD', bucket .. 'departures', due, user)
    end
  end
  redis.call('HDEL', name, connection)
  return due
end

-- Sets the seats of a node aside: those that are not taken again are struck.
local function setAside(node)
  local seats, gone = key('node', node), key('gone', node)
  if redis.call('EXISTS', seats) == 1 then
    if redis.call('EXISTS', gone) == 0 then
      redis.call('RENAME', seats, gone)
    else
      local fields = redis.call('HGETALL', seats)
      for i = 1, #fields, 2 do
        redis.call('HSET', gone, fields[i], fields[i + 1])
      end
      redis.call('DEL', seats)
    end
  end
end
