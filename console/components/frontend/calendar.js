// A month or a week of days with the posts that stand on them. A chip is dragged, or moved by Alt and an arrow key, to
// another day; the server decides whether it may, and says so. Arrow keys walk through days and chips.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }
const memory = new WeakMap()

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component
  const grid = root.querySelector('.cal'), live = root.querySelector('.live')
  let m = memory.get(root)
  if (!m) memory.set(root, m = { key: null, expected: null, drag: null, turn: data.turn })
  const held = root.activeElement?.dataset?.k ?? null

  const move = (chip, day) => {
    m.expected = { post: chip.post, day }
    live.textContent = 'Moving'
    root.querySelector('[data-k="' + chip.key + '"]')?.classList.add('away')
    setTriggerValue('moved', { post: chip.post, at: chip.at, seen: chip.seen, day })
  }
  const act = {
    move,
    refuse: words => { live.textContent = words },
    open: chip => setTriggerValue('opened', { post: chip.post }),
    create: day => setTriggerValue('created', { day: day.iso }),
    unfold: day => setTriggerValue('unfolded', { day: day.iso }),
  }

  grid.className = 'cal ' + data.view
  grid.setAttribute('aria-label', data.label)
  const head = el('div', 'hd', ...data.weekdays.map(name => columnHead(name)))
  head.setAttribute('role', 'row')
  const weeks = []
  for (let at = 0; at < data.days.length; at += 7) {
    const week = el('div', 'w', ...data.days.slice(at, at + 7).map(day => dayCell(day, data, m, act)))
    week.setAttribute('role', 'row')
    weeks.push(week)
  }
  grid.replaceChildren(head, ...weeks)

  // One stop for the Tab key: where the person was, else the day the page is about.
  const stop = key => grid.querySelector('[data-k="' + key + '"]')
  const settle = element => {
    for (const each of grid.querySelectorAll('[data-k][tabindex="0"]')) each.tabIndex = -1
    element.tabIndex = 0
    m.key = element.dataset.k
  }
  grid.onfocusin = event => { if (event.target.dataset?.k) settle(event.target) }
  const wanted = m.turn !== data.turn ? afterMove(grid, m) : null
  if (m.turn !== data.turn) {
    m.turn = data.turn
    live.textContent = data.said
  }
  const first = wanted ?? stop(held ?? m.key) ?? stop('d:' + data.focus) ?? grid.querySelector('[data-k]')
  settle(first)
  if (held || wanted) first.focus()

  grid.onkeydown = event => {
    const step = STEPS[event.key], here = event.target.closest('[data-k]')
    if (!here || event.ctrlKey || event.metaKey || event.shiftKey) return
    const cell = here.closest('.d'), chip = here.chip
    if (event.altKey) {
      if (!step || !chip) return
      swallow(event) // Alt and an arrow would lead the browser back
      const day = shifted(cell.day.iso, step)
      if (chip.fixed) act.refuse(chip.fixed)
      else if (day < data.today) act.refuse('That day is over.')
      else move(chip, day)
    } else if (step) {
      swallow(event) // the page's own arrows turn months
      neighbour(grid, cell, here, step)?.focus()
    } else if (here === cell && (event.key === 'Enter' || event.key === ' ')) {
      swallow(event)
      if (stops(cell).length > 1) stops(cell)[1].focus()
      else if (cell.classList.contains('free')) act.create(cell.day)
    }
  }
}

function swallow (event) {
  event.preventDefault()
  event.stopPropagation()
}

function shifted (iso, days) {
  const day = new Date(iso + 'T00:00:00Z')
  day.setUTCDate(day.getUTCDate() + days)
  return day.toISOString().slice(0, 10)
}

// Where the keyboard goes on after a move: to the chip on its new day, or to that day where it is folded away.
function afterMove (grid, m) {
  const { post, day } = m.expected ?? {}
  m.expected = null
  if (!post) return null
  const cell = grid.querySelector('[data-k="d:' + day + '"]')
  return cell?.querySelector('[data-post="' + post + '"]') ?? grid.querySelector('[data-post="' + post + '"]') ?? cell
}

// What can be reached inside a day, the day itself first.
function stops (cell) {
  return [cell, ...cell.querySelectorAll('[data-k]')]
}

function neighbour (grid, cell, here, step) {
  const cells = [...grid.querySelectorAll('.d')], at = stops(cell).indexOf(here)
  if (Math.abs(step) === 7) {
    const inside = stops(cell)[at + Math.sign(step)]
    if (inside) return inside
    const other = cells[cells.indexOf(cell) + step]
    return other && (step > 0 ? other : stops(other).at(-1))
  }
  const other = cells[cells.indexOf(cell) + step]
  return other && (stops(other)[Math.min(at, stops(other).length - 1)])
}

function columnHead (name) {
  const head = el('div', name.today ? 'now' : '', name.label)
  head.setAttribute('role', 'columnheader')
  return head
}

function dayCell (day, data, m, act) {
  const open = data.may_write && day.iso >= data.today
  const free = open && !day.total
  const cell = el('div', ['d', day.out && 'out', day.weekend && 'end', day.iso === data.today && 'today', free && 'free'].filter(Boolean).join(' '))
  cell.day = day
  cell.dataset.k = 'd:' + day.iso
  cell.tabIndex = -1
  cell.setAttribute('role', 'gridcell')
  cell.setAttribute('aria-label', day.label + (free ? '. Enter starts a post' : ''))
  if (day.iso === data.today) cell.setAttribute('aria-current', 'date')
  cell.append(el('span', 'n', day.n), ...day.chips.map(chip => chipLink(chip, day, m, act)))
  if (day.total > day.chips.length) cell.append(moreLink(day, act))
  if (free) {
    cell.title = 'New post on ' + day.name
    cell.onclick = () => act.create(day)
  } else if (open) cell.append(addButton(day, act))
  cell.ondragover = event => {
    if (!m.drag || m.drag.day === day.iso || day.iso < data.today) return
    event.preventDefault()
    cell.classList.add('over')
  }
  cell.ondragleave = event => { if (!cell.contains(event.relatedTarget)) cell.classList.remove('over') }
  cell.ondrop = event => {
    event.preventDefault()
    cell.classList.remove('over')
    if (m.drag && m.drag.day !== day.iso) act.move(m.drag.chip, day.iso)
    m.drag = null
  }
  return cell
}

function addButton (day, act) {
  const button = el('button', 'add', icon('add'))
  button.type = 'button'
  button.tabIndex = -1
  button.dataset.k = 'a:' + day.iso
  button.title = 'New post on ' + day.name
  button.setAttribute('aria-label', button.title)
  button.onclick = () => act.create(day)
  return button
}

function moreLink (day, act) {
  const link = el('a', 'more', '+' + (day.total - day.chips.length).toLocaleString('en'))
  link.href = day.href
  link.tabIndex = -1
  link.dataset.k = 'm:' + day.iso
  link.title = 'All ' + day.total.toLocaleString('en') + ' of ' + day.name
  link.setAttribute('aria-label', link.textContent + ': ' + link.title.toLowerCase())
  link.onclick = event => followed(event, () => act.unfold(day))
  return link
}

function followed (event, act) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  act()
}

function chipLink (chip, day, m, act) {
  const state = el('span', 'st', icon(chip.shown.icon), el('span', 'label cut', chip.shown.label))
  const dots = el('span', 'dots', ...chip.networks.slice(0, 4).map(dot))
  const line = el('span', 'l', el('time', '', chip.time), dots, state)
  const link = el('a', 'e s-' + chip.shown.color + (chip.fixed ? ' fixed' : ''), line,
    chip.beside ? el('span', 'your', chip.beside) : '',
    el('span', 'x' + (chip.text ? '' : ' none'), chip.text || 'No text yet'),
    chip.accounts ? el('span', 'by', chip.accounts) : '')
  chip.key = 'c:' + chip.post + chip.at
  link.chip = chip
  link.dataset.k = chip.key
  link.dataset.post = chip.post
  link.tabIndex = -1
  link.href = chip.href
  link.draggable = !chip.fixed
  link.title = chip.title + (chip.fixed ? '\n' + chip.fixed : '')
  link.setAttribute('aria-label', chip.words + (chip.fixed ? '. ' + chip.fixed : '. Alt and an arrow key move it'))
  link.onclick = event => { event.stopPropagation(); followed(event, () => act.open(chip)) }
  link.ondragstart = event => {
    m.drag = { chip, day: day.iso }
    event.dataTransfer.clearData()
    event.dataTransfer.setData('text/plain', chip.words)
    event.dataTransfer.effectAllowed = 'move'
    link.classList.add('drag')
  }
  link.ondragend = () => { m.drag = null; link.classList.remove('drag') }
  return link
}
