// Who is right about the words? What was written here is, until the server says that it saved exactly that. They are
// filled in from the server only when nothing here is unsaved, or when the page asks for it (`refill`). `base` is the
// revision that the words here grew from, so that a later save by somebody else is noticed and never overwritten.
//
// Saved is after a pause, and while somebody writes on without one often enough that less than a second can be lost.
const PAUSE_MS = 450
const LATEST_MS = 600
const ANSWER_WITHIN_MS = 2500

// What the composer remembers from one drawing to the next. `now` is what stands here, `sent` what is under way.
function blank () {
  return {
    token: null, post: null, refill: null, base: 0, now: null, saved: null, sent: [], sentAt: 0, timer: null, unsavedSince: null,
    tab: null, unfolded: new Set(), media: new Map(), jobs: new Set(), dropped: new Map(), slides: new Map(), shelf: null
  }
}

function settle (m, data) {
  const theirs = data.version
  // Saved is what the server names, or (after it was started anew) what it plainly has.
  const acknowledged = m.sent.findLastIndex(each => each.number <= data.done || same(each.version, theirs))
  // A console that was started anew gives the same post another token; what was written meanwhile stays.
  const samePost = m.token !== null && (m.token === data.token || m.post === data.post)
  if (!samePost || (m.token === data.token && m.refill !== data.refill)) {
    if (!samePost) startAnew(m)
    m.base = data.revision
    take(m, theirs)
  } else if (acknowledged >= 0) {
    const { version } = m.sent.splice(0, acknowledged + 1)[acknowledged]
    m.base = data.revision
    m.saved = version
    if (same(m.now, version) && !same(version, theirs)) take(m, theirs)
  } else if (same(m.now, m.saved) || same(m.now, theirs)) {
    m.base = data.revision
    take(m, theirs)
  }
  Object.assign(m, { token: data.token, post: data.post, refill: data.refill })
}

function take (m, version) {
  Object.assign(m, { now: version, saved: version, sent: [] })
}

function startAnew (m) {
  for (const job of m.jobs) job.controller.abort()
  m.jobs.clear()
  m.dropped.clear()
  m.tab = m.shelf = null
}

// Hand over what isn't saved. What is still under way is not sent twice, unless no answer came: then the connection or
// the console may have gone.
function flush (m, data, setStateValue) {
  clearTimeout(m.timer)
  m.unsavedSince = null
  if (data.locked || same(m.now, m.saved)) return
  const last = m.sent[m.sent.length - 1]
  if (last && same(m.now, last.version) && Date.now() - m.sentAt < ANSWER_WITHIN_MS) return
  const number = m.sentAt = Date.now()
  m.sent.push({ number, version: m.now })
  m.timer = setTimeout(() => flush(m, data, setStateValue), ANSWER_WITHIN_MS + 100)
  setStateValue('written', { version: m.now, was: m.saved, base: m.base, number, token: data.token })
}

function flushLater (m, data, setStateValue) {
  clearTimeout(m.timer)
  m.unsavedSince ??= Date.now()
  const latest = Math.max(0, m.unsavedSince + LATEST_MS - Date.now())
  m.timer = setTimeout(() => flush(m, data, setStateValue), Math.min(PAUSE_MS, latest))
}

// Drawn anew while something isn't saved: what is under way is waited for, what isn't goes out.
function goOnSaving (m, data, setStateValue) {
  if (same(m.now, m.saved)) return
  const last = m.sent[m.sent.length - 1]
  if (!last || !same(m.now, last.version)) return flushLater(m, data, setStateValue)
  clearTimeout(m.timer)
  m.timer = setTimeout(() => flush(m, data, setStateValue), ANSWER_WITHIN_MS)
}
