-- Buyers who tap as fast as they are answered, for wrk: `wrk … -s bench/taps.lua http://HOST:PORT -- FILE`.
--
-- FILE has two lines per opening: "<opening> <unit> <unit> …" and the passes of its buyers. Taps go to the openings in
-- turn, for a unit chosen at random, by the buyers in turn, each with a key of its own. One thread only: the counts are
-- those of its state. Prints, after wrk's own report, a line "RESULTS {json}" with the results of all answers (anything
-- that is no result of an attempt counts as "other"), seconds, and latencies in milliseconds.

local openings, taps, run = {}, 0, ""
local the_thread
local known = {won = 1, taken = 1, limit = 1, busy = 1, unavailable = 1, not_eligible = 1, not_offered = 1}

local function words(line)
  local found = {}
  for word in line:gmatch("%S+") do found[#found + 1] = word end
  return found
end

function setup(thread) the_thread = thread end

function init(args)
  local name
  for _, arg in pairs(args) do name = arg end
  local place
  for line in io.lines(name) do
    local list = words(line)
    if place then
      for n, pass in ipairs(list) do
        place.heads[n] = "Host: 127.0.0.1\r\nAuthorization: Bearer " .. pass .. "\r\nContent-Length: 0\r\nIdempotency-Key: "
      end
      openings[#openings + 1] = place
      place = nil
    else
      place = {firsts = {}, heads = {}}
      for n = 2, #list do
        place.firsts[n - 1] = "POST /opening/" .. list[1] .. "/claim/" .. list[n] .. " HTTP/1.1\r\n"
      end
    end
  end
  math.randomseed(os.time())
  run = math.random(1, 1e9) .. "-"
  for result in pairs(known) do _G[result] = 0 end
  other, last_other = 0, ""
end

function request()
  taps = taps + 1
  local place = openings[taps % #openings + 1]
  local head = place.heads[math.floor(taps / #openings) % #place.heads + 1]
  return place.firsts[math.random(#place.firsts)] .. head .. run .. taps .. "\r\n\r\n"
end

function response(status, headers, body)
  local result = body:match('^{"result":"([a-z_]+)"')
  if known[result] then
    _G[result] = _G[result] + 1
  else
    other, last_other = other + 1, status .. " " .. body
  end
end

function done(summary, latency, requests)
  local parts = {}
  for result in pairs(known) do parts[#parts + 1] = string.format('"%s": %d', result, the_thread:get(result)) end
  if the_thread:get("other") > 0 then io.stderr:write(the_thread:get("last_other"), "\n") end
  local errors = summary.errors
  print(string.format(
    'RESULTS {"results": {%s}, "other": %d, "seconds": %.6f, "median_ms": %.3f, "p99_ms": %.3f, "worst_ms": %.3f}',
    table.concat(parts, ", "),
    the_thread:get("other") + errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000
  ))
end
