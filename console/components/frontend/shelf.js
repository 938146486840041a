// Files of the organization for what is being written: a dialog over the composer. Core is asked what there is, and what
// is chosen joins the files that it was opened for, in the order of the choice.
//
// `m.shelf`: {scope, cover, kinds, most, opener, kind, words, rows, after, chosen, at, number, more, waiting}; `m.ask` hands
// over what is asked for ({words, kinds, after, number}), and `data.library` answers it ({number, files, after}).
const ASK_AFTER_MS = 250

function openShelf (m, wanted) {
  m.shelf = { kind: null, words: '', rows: [], after: null, chosen: new Map(), at: null, opened: Date.now(), ...wanted }
  askShelf(m, false)
}

function askShelf (m, more) {
  const shelf = m.shelf
  clearTimeout(shelf.timer)
  m.asked = Math.max(Date.now(), (m.asked ?? 0) + 1)
  Object.assign(shelf, { number: m.asked, more, waiting: true })
  askUntilAnswered(m, { number: m.asked, words: shelf.words.trim(), kinds: shelf.kind ? [shelf.kind] : shelf.kinds, after: more ? shelf.after : null })
  m.redraw()
}

// Without an answer the connection or the console may have gone: the same is asked again, and any answer to it counts.
function askUntilAnswered (m, question, times = 0) {
  const shelf = m.shelf
  m.ask({ ...question, times })
  shelf.timer = setTimeout(() => {
    if (m.shelf === shelf && shelf.waiting && shelf.number === question.number) askUntilAnswered(m, question, times + 1)
  }, ANSWER_WITHIN_MS)
}

function drawShelf (dialog, m, data) {
  const shelf = m.shelf, find = selector => dialog.querySelector(selector)
  if (!shelf || data.locked) {
    if (dialog.open) closeShelf(m, dialog)
    return
  }
  const before = shelf.rows.length, arrived = shelf.waiting && data.library?.number === shelf.number
  if (arrived) {
    shelf.rows = shelf.more ? [...shelf.rows, ...data.library.files] : data.library.files
    Object.assign(shelf, { after: data.library.after, waiting: false })
  }
  const account = data.accounts.find(each => each.id === shelf.scope)
  find('.shelf-title').textContent = 'From the library' + (shelf.cover ? ': cover' : '') + (account ? ', for ' + account.name : '')
  drawShelfKinds(find('.which'), m)
  drawShelfTiles(find('.tiles'), m)
  if (arrived && shelf.more) find('.tiles').children[before]?.focus()
  drawNothing(find('.empty'), m, data)
  const count = shelf.chosen.size, add = find('.put'), more = find('.further'), search = find('input')
  find('.says').textContent = shelf.waiting && !shelf.rows.length ? 'Looking' : saidOfChoice(shelf)
  add.textContent = shelf.cover ? 'Take it' : count > 1 ? 'Add ' + count + ' files' : 'Add file'
  add.disabled = count === 0
  add.onclick = () => takeChosen(m, dialog)
  more.hidden = !shelf.after
  more.disabled = shelf.waiting
  more.onclick = () => askShelf(m, true)
  const leave = () => closeShelf(m, dialog)
  find('.close').onclick = leave
  search.oninput = () => {
    shelf.words = search.value
    clearTimeout(shelf.timer)
    shelf.timer = setTimeout(() => { if (m.shelf === shelf) askShelf(m, false) }, ASK_AFTER_MS)
  }
  dialog.onclick = event => { if (event.target === dialog) leave() }
  dialog.onkeydown = event => shelfKey(event, dialog, leave)
  dialog.onclose = () => { if (m.shelf && !dialog.open) leave() }
  if (!dialog.open) {
    search.value = ''
    dialog.showModal()
    search.focus()
  }
}

// Nothing is asked for any more, and whoever opened it goes on where they were. At once: the browser tells of the closing
// later, when it may be open again.
function closeShelf (m, dialog) {
  const shelf = m.shelf
  clearTimeout(shelf?.timer)
  m.shelf = null
  dialog.close()
  m.ask(null)
  m.redraw()
  shelf?.opener.focus()
}

function takeChosen (m, dialog) {
  const { scope, cover, chosen } = m.shelf, views = [...chosen.values()]
  closeShelf(m, dialog)
  if (cover) setCover(m, scope, views[0])
  else attach(m, scope, views)
  m.say(views.length > 1 ? views.length + ' files added' : views[0].file_name + ' added')
}

function saidOfChoice ({ rows, after, chosen, most }) {
  if (chosen.size) return chosen.size + ' chosen' + (chosen.size < most || most === 1 ? '' : ', more fit nowhere')
  if (!rows.length) return 'No file'
  const found = rows.length + (after ? ' files and more' : rows.length === 1 ? ' file' : ' files')
  return found + ': choose ' + (most === 1 ? 'one' : Number.isFinite(most) ? 'up to ' + most : 'any')
}

function drawShelfKinds (group, m) {
  const shelf = m.shelf, kinds = shelf.kinds.length > 1 ? [null, ...shelf.kinds] : []
  group.hidden = !kinds.length
  unlessSame(group, [kinds, shelf.kind, shelf.number], () => {
    const focused = group.getRootNode().activeElement?.dataset?.kind
    group.replaceChildren(...kinds.map(kind => {
      const button = el('button', '', kind ? KINDS[kind][1] + 's' : 'All')
      Object.assign(button, { type: 'button', onclick: () => { shelf.kind = kind; askShelf(m, false) } })
      button.dataset.kind = kind ?? ''
      button.setAttribute('aria-pressed', String(kind === shelf.kind))
      return button
    }))
    if (focused !== undefined) group.querySelector('[data-kind="' + focused + '"]')?.focus()
  })
}

// A tile stays the same element while the same files are shown, so that it keeps the focus and its picture.
function drawShelfTiles (part, m) {
  const shelf = m.shelf, order = [...shelf.chosen.keys()], there = thereAlready(m)
  unlessSame(part, [shelf.opened, shelf.rows], () => part.replaceChildren(...shelf.rows.map(file => shelfTile(file, m))))
  const full = shelf.most > 1 && order.length >= shelf.most
  const ids = shelf.rows.map(each => each.id), at = ids.includes(shelf.at) ? shelf.at : ids[0]
  for (const tile of part.children) {
    const id = tile.dataset.id, place = order.indexOf(id), off = there.has(id) || (full && place < 0)
    tile.classList.toggle('sel', place >= 0)
    tile.classList.toggle('off', off)
    tile.tabIndex = id === at ? 0 : -1
    tile.setAttribute('aria-pressed', String(place >= 0))
    tile.setAttribute('aria-disabled', String(off))
    tile.querySelector('.order').textContent = there.has(id) ? 'Here already' : place >= 0 ? (shelf.most > 1 ? String(place + 1) : 'Chosen') : ''
    tile.onfocus = () => { shelf.at = id; for (const each of part.children) each.tabIndex = each === tile ? 0 : -1 }
  }
}

function shelfTile (file, m) {
  const tile = fileTile(file, { selected: false, onPick: id => pick(id, m) })
  const said = [file.alt ? 'Shows: ' + file.alt : file.kind === 'image' ? 'No description' : '', file.rights ? 'Rights: ' + file.rights : ''].filter(Boolean)
  tile.querySelector('.face').append(el('span', 'order num'))
  tile.append(...said.map(words => { const line = el('span', 'us cut', words); line.title = words; return line }))
  tile.setAttribute('aria-label', [tile.getAttribute('aria-label'), ...said].join(', '))
  return tile
}

function thereAlready (m) {
  return new Set(m.shelf.cover ? [] : carried(m, m.shelf.scope).map(each => each.media))
}

function pick (id, m) {
  const { chosen, rows, most } = m.shelf, view = rows.find(each => each.id === id)
  if (thereAlready(m).has(id)) return
  if (!chosen.delete(id)) {
    if (most === 1) chosen.clear()
    if (chosen.size < most) chosen.set(id, view)
  }
  m.redraw()
}

function drawNothing (part, m, data) {
  const shelf = m.shelf, narrowed = Boolean(shelf.words.trim() || shelf.kind)
  part.hidden = shelf.waiting || shelf.rows.length > 0
  unlessSame(part, [narrowed, shelf.kinds], () => {
    if (narrowed) {
      const all = el('button', 'small', 'Show all')
      all.type = 'button'
      all.onclick = () => {
        Object.assign(m.shelf, { words: '', kind: null })
        const search = part.closest('dialog').querySelector('input')
        search.value = ''
        search.focus()
        askShelf(m, false)
      }
      return part.replaceChildren(el('p', '', 'No file of the library fits.'), all)
    }
    const there = el('a', '', 'Library')
    Object.assign(there, { href: data.library_href, target: '_blank', rel: 'noopener' })
    part.replaceChildren(el('p', '', 'The library has no ' + either(shelf.kinds.map(kind => kind + 's')) + ' yet.'),
      el('p', '', 'Close this and add a file from your computer: it is in the library from then on. Several at once go in under ', there, '.'))
  })
}

// Arrows go from tile to tile, up from the first row to the search; what is pressed in here is no key of the page.
function shelfKey (event, dialog, leave) {
  event.stopPropagation()
  if (event.key === 'Escape') { event.preventDefault(); return leave() }  // a search field would only empty itself
  const search = dialog.querySelector('input'), tiles = [...dialog.querySelectorAll('.tile')]
  const go = tile => { event.preventDefault(); tile?.focus() }
  if (event.target === search && ['ArrowDown', 'Enter'].includes(event.key)) return go(tiles.find(each => each.tabIndex === 0))
  const at = tiles.indexOf(event.target.closest('.tile'))
  if (at < 0) return
  const across = tiles.filter(each => each.offsetTop === tiles[0].offsetTop).length
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across, Home: 0, End: tiles.length - 1 }[event.key]
  if (to === undefined) return
  if (to < 0) return go(event.key === 'ArrowUp' ? search : tiles[0])
  go(tiles[Math.min(to, tiles.length - 1)])
}
