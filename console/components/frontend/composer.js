// The composer: text and link with counters and preview at every key, saved shortly after the last one.
//
// Who is right about the text? What was typed here is, until the server says that it saved exactly that. The text is
// filled in from the server only when nothing here is unsaved, or when the page asks for it (`refill`). `base` is the
// revision that the text here grew from, so that a later save by somebody else is noticed and never overwritten.
const PAUSE_MS = 450
const ANSWER_WITHIN_MS = 2500
const memory = new WeakMap()

export default function (component) {
  const { data, parentElement: root, setStateValue } = component
  const find = selector => root.querySelector(selector)
  const area = find('textarea'), link = find('input'), box = find('.box')
  let m = memory.get(root)
  if (!m) memory.set(root, m = {
    token: null, post: null, refill: null, base: 0, saved: null, sent: [], sentAt: 0, timer: null, tab: null, unfolded: new Set()
  })

  const here = () => ({ text: area.value, link: link.value.trim() })
  const same = (one, other) => one && other && one.text === other.text && one.link === other.link
  const fill = version => { area.value = version.text; link.value = version.link; m.saved = version; m.sent = [] }

  const theirs = { text: data.text, link: data.link }
  // Saved is what the server names, or (after it was started anew) what it plainly has.
  const acknowledged = m.sent.findLastIndex(version => version.number <= data.done || same(version, theirs))
  // A console that was started anew gives the same post another token; what was typed meanwhile stays.
  const samePost = m.token === data.token || (m.post !== null && m.post === data.post)
  if (!samePost || (m.token === data.token && m.refill !== data.refill)) {
    m.base = data.revision
    fill(theirs)
  } else if (acknowledged >= 0) {
    const version = m.sent.splice(0, acknowledged + 1)[acknowledged]
    m.base = data.revision
    m.saved = version
    if (same(here(), version) && !same(version, theirs)) fill(theirs)
  } else if (same(here(), m.saved) || same(here(), theirs)) {
    m.base = data.revision
    if (same(here(), theirs)) m.saved = theirs
    else fill(theirs)
  }

  Object.assign(m, { token: data.token, post: data.post, refill: data.refill })
  area.placeholder = data.placeholder
  area.readOnly = link.readOnly = data.locked
  box.classList.toggle('off', data.locked)
  find('.link').hidden = !data.takes_link

  const flush = () => {
    clearTimeout(m.timer)
    const version = here()
    if (data.locked || same(version, m.saved)) return
    // Still under way is not sent twice, unless no answer came: then the connection or the console may have gone.
    if (same(version, m.sent[m.sent.length - 1]) && Date.now() - m.sentAt < ANSWER_WITHIN_MS) return
    version.number = m.sentAt = Date.now()
    m.sent.push(version)
    m.timer = setTimeout(flush, ANSWER_WITHIN_MS + 100)
    setStateValue('written', { ...version, base: m.base, was: { text: m.saved.text, link: m.saved.link }, token: data.token })
  }

  const draw = () => {
    const version = here()
    drawCounters(find('.bar'), version, m, data)
    drawHints(find('.hints'), version, data)
    drawTabs(find('.tabs'), version)
    const account = data.accounts.find(each => each.id === m.tab)
    find('.slot').replaceChildren(account
      ? previewCard(account, version.text, version.link, m.unfolded, draw, 'Your text appears here.')
      : el('div', 'empty', 'Pick an account to see the post as it will look there.'))
  }

  const drawTabs = (tabs, version) => {
    if (!data.accounts.some(each => each.id === m.tab)) m.tab = data.accounts[0]?.id ?? null
    const focused = root.activeElement?.dataset?.tab
    tabs.replaceChildren(...data.accounts.map(account => {
      const button = el('button', over(account, version.text) > 0 ? 'bad' : '', dot(account.network), el('span', 'cut', account.name))
      button.type = 'button'
      button.dataset.tab = account.id
      button.setAttribute('role', 'tab')
      button.setAttribute('aria-selected', String(account.id === m.tab))
      button.tabIndex = account.id === m.tab ? 0 : -1
      button.onclick = () => { m.tab = account.id; draw() }
      button.onkeydown = event => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
        if (!step) return
        event.preventDefault()
        const at = data.accounts.findIndex(each => each.id === m.tab)
        m.tab = data.accounts[(at + step + data.accounts.length) % data.accounts.length].id
        draw()
        root.querySelector('[aria-selected=true]')?.focus()
      }
      return button
    }))
    tabs.hidden = data.accounts.length === 0
    if (focused) tabs.querySelector('[data-tab="' + focused + '"]')?.focus()
  }

  const typed = () => {
    clearTimeout(m.timer)
    m.timer = setTimeout(flush, PAUSE_MS)
    draw()
  }
  area.oninput = link.oninput = typed
  area.onblur = link.onblur = () => { flush(); draw() }
  area.onkeydown = link.onkeydown = event => {
    if (!event.ctrlKey && !event.metaKey) return
    if (event.key.toLowerCase() === 's') { event.preventDefault(); flush(); draw() }
    // The page's own shortcut acts on this key next: what was typed so far must reach the server before it.
    if (event.key === 'Enter') { flush(); draw() }
  }
  // Typed while the last save was under way, or never answered: it goes out by itself.
  if (!same(here(), m.saved)) { clearTimeout(m.timer); m.timer = setTimeout(flush, m.sent.length ? ANSWER_WITHIN_MS : PAUSE_MS) }
  draw()
  return () => clearTimeout(m.timer)
}

function over (account, text) {
  return COUNTERS[account.network.text.counter](text) - account.network.text.max_length
}

function drawCounters (bar, version, m, data) {
  const networks = new Map(data.accounts.map(account => [account.network.key, account]))
  const counters = [...networks.values()].map(account => {
    const { network } = account, left = -over(account, version.text), used = Math.min(1, 1 - left / network.text.max_length)
    const counter = el('span', 'ct' + (left < 0 ? ' bad' : left <= network.text.max_length * 0.08 ? ' warn' : ''))
    const ring = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    ring.setAttribute('viewBox', '0 0 20 20')
    ring.setAttribute('aria-hidden', 'true')
    for (const [opacity, dash] of [['.22', '47.1 0'], ['1', (47.1 * Math.max(0, used)).toFixed(1) + ' 47.1']]) {
      const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
      for (const [name, value] of Object.entries({ cx: 10, cy: 10, r: 7.5, fill: 'none', stroke: 'currentColor', 'stroke-width': 3, 'stroke-opacity': opacity, 'stroke-dasharray': dash })) circle.setAttribute(name, value)
      ring.append(circle)
    }
    const words = left < 0 ? (-left).toLocaleString('en') + ' over' : left.toLocaleString('en') + ' left'
    counter.append(ring, el('span', '', network.title + ' ' + words))
    counter.title = network.title + ' takes ' + network.text.max_length.toLocaleString('en') + '; this is ' + (network.text.max_length - left).toLocaleString('en')
    return counter
  })
  const saved = m.saved && version.text === m.saved.text && version.link === m.saved.link
  const state = data.trouble ? ['bad', 'error', data.trouble]
    : data.locked ? ['', 'lock', data.locked_words]
      : saved ? ['', 'check', data.saved_words] : ['wait', 'progress_activity', 'Saving']
  const shown = el('span', 'sv ' + state[0], icon(state[1]), el('span', '', state[2]))
  shown.dataset.saved = String(Boolean(saved))
  shown.setAttribute('role', 'status')
  bar.replaceChildren(...counters, shown)
}

function drawHints (list, version, data) {
  const lines = []
  for (const account of new Map(data.accounts.map(each => [each.network.key, each])).values()) {
    const much = over(account, version.text)
    if (much > 0) lines.push(['error', account.network.title + ': ' + much.toLocaleString('en') + ' too long.', 'Shorten it by ' + much.toLocaleString('en') + '.'])
  }
  // What only the server knows; its own word on the length would repeat ours, one save behind.
  for (const problem of data.problems) if (!problem.about_length) lines.push([problem.severity, problem.words, problem.fix])
  if (!lines.length && data.accounts.length && (version.text.trim() || version.link)) lines.push(['ok', data.ready, ''])
  const icons = { error: 'error', warning: 'warning', ok: 'check_circle' }
  list.replaceChildren(...lines.map(([kind, words, fix]) =>
    el('li', kind, icon(icons[kind]), el('span', '', words, fix ? ' ' : '', fix ? el('span', 'fix', fix) : ''))))
}
