/// What the store decides by itself, in one step that nobody can get between: Lua, run by the server.
struct RedisScript: Sendable {
    let text: String

    /// Offers records. Of two of a call the greater one stays (`RecordHeader.<`), and the change index follows.
    ///
    /// Keys: changes, sequence, endings, incarnation, then one for each record.
    /// Arguments: length of a header at most, length of a record at most, time (ms), a random name, then for each record
    /// its Call-ID, its life time (ms) and itself.
    /// Returns for each record its number in the index, `=` (known), `x` (blocked), or the record that beats it.
    ///
    /// The index is written before the records: should it be something else by mistake, nothing is half done.
    static let write = RedisScript(
        text: """
            local header, longest, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
            local function parse(text)
              local created, creator, epoch, owner, revision, state =
                string.match(text, '^relay/1 (%d+) (%S+) (%d+) (%S+) (%d+) ([LGF])\\n')
              return created and {created, creator, epoch, owner, revision, state}
            end
            local function digits(a, b)
              if #a ~= #b then return #a < #b and -1 or 1 end
              for i = 1, #a do
                local x, y = string.byte(a, i), string.byte(b, i)
                if x ~= y then return x < y and -1 or 1 end
              end
              return 0
            end
            local function names(a, b)
              for i = 1, math.min(#a, #b) do
                local x, y = string.byte(a, i), string.byte(b, i)
                if x ~= y then return x < y and -1 or 1 end
              end
              return #a == #b and 0 or (#a < #b and -1 or 1)
            end
            local function same(a, b) if a == b then return 0 end end
            local function compare(a, b)
              local order = same(a[1], b[1]) or digits(a[1], b[1])
              if order == 0 then order = same(a[2], b[2]) or names(a[2], b[2]) end
              if order ~= 0 then return order end
              if a[6] == 'F' or b[6] == 'F' then
                return a[6] == b[6] and 0 or (b[6] == 'F' and -1 or 1)
              end
              order = same(a[3], b[3]) or digits(a[3], b[3])
              if order == 0 then order = same(a[4], b[4]) or names(a[4], b[4]) end
              if order == 0 then order = same(a[5], b[5]) or digits(a[5], b[5]) end
              if order == 0 and a[6] ~= b[6] then order = b[6] == 'G' and -1 or 1 end
              return order
            end
            local results, writes, updates = {}, {}, {}
            for i = 5, #KEYS do
              local at = 3 * (i - 5) + 5
              local record = ARGV[at + 2]
              local stored = redis.pcall('GETRANGE', KEYS[i], 0, header - 1)
              local result
              if type(stored) == 'table' then
                result = 'x'
              elseif stored ~= '' then
                local theirs = parse(stored)
                updates[i] = theirs and theirs[6] == 'L'
                local order = theirs and compare(theirs, parse(string.sub(record, 1, header)))
                if not order then
                  result = 'x'
                elseif order == 0 then
                  result = '='
                  redis.call('PEXPIRE', KEYS[i], ARGV[at + 1])
                elseif order > 0 then
                  result = redis.call('GETRANGE', KEYS[i], 0, longest)
                end
              end
              if not result then writes[#writes + 1] = i end
              results[i - 4] = result or false
            end
            if #writes == 0 then return results end
            local sequence = redis.call('INCRBY', KEYS[2], #writes) - #writes
            if sequence == 0 then redis.call('SET', KEYS[4], ARGV[4]) end
            for n, i in ipairs(writes) do
              local at = 3 * (i - 5) + 5
              redis.call('ZADD', KEYS[1], sequence + n, ARGV[at])
              redis.call('SET', KEYS[i], ARGV[at + 2], 'PX', ARGV[at + 1])
              if not string.find(ARGV[at + 2], '^%S+ %d+ %S+ %d+ %S+ %d+ L') then
                redis.call('ZADD', KEYS[3], now + ARGV[at + 1], ARGV[at])
              elseif not updates[i] then
                redis.call('ZREM', KEYS[3], ARGV[at])
              end
              results[i - 4] = sequence + n
            end
            return results
            """)

    /// Removes calls from the index whose records are gone. Of those whose records are there, endings are due when these
    /// expire: they have been offered again, or the clocks of two relays differ.
    ///
    /// Keys: changes, endings, pruned, then one for each record. Arguments: time (ms), then the Call-IDs.
    static let forget = RedisScript(
        text: """
            local now = tonumber(ARGV[1])
            local last = tonumber(redis.call('GET', KEYS[3]) or 0)
            local highest = last
            for i = 4, #KEYS do
              local call = ARGV[i - 2]
              local left = redis.call('PTTL', KEYS[i])
              if left == -2 then
                local score = redis.call('ZSCORE', KEYS[1], call)
                if score then
                  highest = math.max(highest, tonumber(score))
                  redis.call('ZREM', KEYS[1], call)
                end
                redis.call('ZREM', KEYS[2], call)
              elseif left == -1 then
                redis.call('ZREM', KEYS[2], call)
              else
                redis.call('ZADD', KEYS[2], 'XX', now + left + 1, call)
              end
            end
            if highest > last then redis.call('SET', KEYS[3], string.format('%.0f', highest)) end
            return 0
            """)
}
