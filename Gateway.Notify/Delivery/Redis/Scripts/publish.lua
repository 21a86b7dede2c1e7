-- Numbers an event, keeps it for those who missed it, and tells the nodes that hold a socket of the user: in one step.
-- KEYS: feed, log, seats, channel
-- ARGV: 1 event id, 2 published at in ms, 3 body (empty when it is kept elsewhere), 4 whether it is kept elsewhere (0 or 1),
--       5 whether this may be a repetition (0 or 1), 6 epoch for a new feed, 7 life of the feed in ms, 8 PUBLISH or SPUBLISH,
--       9 most events and 10 most bytes for extended clients, 11 most events and 12 longest age in ms where there are none
-- Returns 1, or 0 when nobody is there to be told and nobody will ask.
local online = redis.call('EXISTS', KEYS[3]) == 1
local feed = redis.call('HMGET', KEYS[1], 'epoch', 'extended', 'bytes')
local epoch, extended, bytes = feed[1], feed[2] == '1', tonumber(feed[3] or '0')
if not online and not extended then
  return 0
end

if not epoch then
  epoch = ARGV[6]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'sequence', 0, 'bytes', 0)
end

-- The first attempt may lie far back: other nodes send what they held back in between.
local newest = '+'
while ARGV[5] == '1' do
  local page = redis.call('XREVRANGE', KEYS[2], newest, '-', 'COUNT', 64)
  if #page == 0 then
    break
  end
  for _, entry in ipairs(page) do
    if entry[2][2] == ARGV[1] then
      return 1
    end
  end
  newest = '(' .. page[#page][1]
end

local sequence = redis.call('HINCRBY', KEYS[1], 'sequence', 1)
redis.call('XADD', KEYS[2], sequence .. '-0', 'id', ARGV[1], 'at', ARGV[2], 'elsewhere', ARGV[4], 'body', ARGV[3])
bytes = bytes + #ARGV[3]

local most, life = tonumber(ARGV[9]), tonumber(ARGV[7])
if not extended then
  most, life = tonumber(ARGV[11]), tonumber(ARGV[12])
end
while true do
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  if not oldest then
    break
  end
  local tooMuch = redis.call('XLEN', KEYS[2]) > most or bytes > tonumber(ARGV[10])
  if not tooMuch and tonumber(ARGV[2]) - tonumber(oldest[2][4]) <= life then
    break
  end
  bytes = bytes - #oldest[2][8]
  redis.call('XDEL', KEYS[2], oldest[1])
end
redis.call('HSET', KEYS[1], 'bytes', bytes)
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[7])

if online then
  redis.call(ARGV[8], KEYS[4],
    'E ' .. epoch .. ' ' .. sequence .. ' ' .. ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[4] .. '\n' .. ARGV[3])
end
return 1
