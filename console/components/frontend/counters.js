// How much room is left on each network, and what is wrong, at every key.
function over (form, text) {
  return form.takes_text ? lengthOf(text, form.text) - form.text.max_length : 0
}

// The accounts that what is being written goes to: one of each network and text is enough to look at.
function readers (m, data) {
  if (m.tab !== null) return data.accounts.filter(each => each.id === m.tab)
  const common = data.accounts.filter(each => variantOf(m.now, each.id).text === null)
  return common.filter((each, at) => common.findIndex(other => other.network.key === each.network.key) === at)
}

function drawCounters (bar, m, data) {
  const counted = readers(m, data).map(account => ({ account, form: formOf(account, given(m.now, account.id), m) }))
  const counters = counted.filter(({ form }) => form.takes_text).map(({ account, form }) => {
    const { network } = account, most = form.text.max_length
    const left = -over(form, given(m.now, account.id).text), used = Math.min(1, 1 - left / most)
    const words = left < 0 ? (-left).toLocaleString('en') + ' over' : left.toLocaleString('en') + ' left'
    const counter = el('span', 'ct' + (left < 0 ? ' bad' : left <= most * 0.08 ? ' warn' : ''), ring(used), el('span', '', network.title + ' ' + words))
    counter.title = network.title + ' takes ' + most.toLocaleString('en') + '; this is ' + (most - left).toLocaleString('en')
    return counter
  })
  const saved = same(m.now, m.saved)
  const state = data.trouble ? ['bad', 'error', data.trouble]
    : data.locked ? ['', 'lock', data.locked_words]
      : saved ? ['', 'check', data.saved_words] : ['wait', 'progress_activity', 'Saving']
  const shown = el('span', 'sv ' + state[0], icon(state[1]), el('span', '', state[2]))
  shown.dataset.saved = String(saved)
  shown.setAttribute('role', 'status')
  bar.replaceChildren(...counters, shown)
}

function ring (used) {
  const make = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    return element
  }
  const drawn = make('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true' })
  for (const [opacity, dash] of [['.22', '47.1 0'], ['1', (47.1 * Math.max(0, used)).toFixed(1) + ' 47.1']]) {
    drawn.append(make('circle', { cx: 10, cy: 10, r: 7.5, fill: 'none', stroke: 'currentColor', 'stroke-width': 3, 'stroke-opacity': opacity, 'stroke-dasharray': dash }))
  }
  return drawn
}

// What is wrong with what one account gets: what can be counted here at once, then what only the server knows.
function wrongWith (account, m, data) {
  const got = given(m.now, account.id), { text, files, link } = got, form = formOf(account, got, m), much = over(form, text)
  const found = []
  if (much > 0) found.push({ severity: 'error', place: 'text', words: much.toLocaleString('en') + ' too long for ' + account.network.title + '.', fix: 'Shorten it by ' + much.toLocaleString('en') + '.' })
  const needsImage = account.network.needs_media && account.network.forms.length === 1
  if (needsImage && !files.length && (text.trim() || link)) found.push({ severity: 'error', place: 'image', words: account.network.title + ' needs an image.', fix: 'Add one here.' })
  for (const problem of data.problems) {
    const counted = problem.place === 'length' || (needsImage && problem.place === 'image' && !files.length)
    if (problem.account === account.id && !counted) found.push(problem)
  }
  return found
}

// One line for each thing that is wrong, in the place where it is mended; all accounts that share it are named in it.
function linesAt (m, data, isHere) {
  const accounts = data.accounts.filter(each => m.tab === null || each.id === m.tab)
  const lines = new Map()
  for (const account of accounts) {
    for (const problem of wrongWith(account, m, data).filter(each => isHere(each, account.id))) {
      const key = problem.words + '\n' + problem.fix
      lines.set(key, { ...problem, names: [...(lines.get(key)?.names ?? []), account.name] })
    }
  }
  const post = data.problems.filter(each => each.account === null && isHere(each, null))
  const several = m.tab === null && data.accounts.length > 1
  return [...post, ...lines.values()].sort((one, other) => (one.severity !== 'error') - (other.severity !== 'error'))
    .map(({ severity, words, fix, names, href }) => {
      const shared = !names || !several || names.length === data.accounts.length
      return [severity, (shared ? '' : named(names) + ': ') + words, fix, href]
    })
}

function named (names) {
  return names.length > 3 ? names.slice(0, 2).join(', ') + ' and ' + (names.length - 2) + ' more' : names.join(', ')
}

function drawHints (list, lines) {
  const icons = { error: 'error', warning: 'warning', ok: 'check_circle' }
  unlessSame(list, lines, () => list.replaceChildren(...lines.map(([kind, words, fix, href]) =>
    el('li', kind, icon(icons[kind]), el('span', '', words, fix ? ' ' : '', fix ? mending(fix, href) : '')))))
}

// What mends it; where that is on another page, the way there in a tab of its own: nothing that is being written is left.
function mending (fix, href) {
  if (!href) return el('span', 'fix', fix)
  const link = el('a', 'fix', fix)
  link.href = href
  link.target = '_blank'
  return link
}
