// The files of the post or of one account: chosen, dropped or pasted, put in order, described, taken off.
const WHICH = [['inherit', 'As for all'], ['none', 'No files'], ['own', 'Own files']]

function whichOf (version, scope) {
  const { files } = variantOf(version, scope)
  return files === null ? 'inherit' : files.length ? 'own' : 'none'
}

// `write(parts, scope)` changes what is being written; `m.redraw` draws anew, also after this call is over.
function drawFilesField (field, m, data, write) {
  const find = selector => field.querySelector(selector)
  const scope = m.tab, got = given(m.now, scope), jobs = [...m.jobs].filter(job => job.scope === scope && job.purpose === 'file')
  const which = scope === null ? 'own' : m.wantsOwn === scope || jobs.length ? 'own' : whichOf(m.now, scope)
  const editable = which === 'own' && !data.locked

  const whichGroup = find('.which')
  whichGroup.hidden = scope === null
  unlessSame(whichGroup, [scope, which, data.locked], () => replaceWhich(whichGroup, m, scope, which, data.locked))

  drawFiles(find('.list'), m, data, scope, got.files, editable, write)
  const taken = takenFiles(m, data, scope), say = find('.say')
  say.hidden = got.files.length > 0 || jobs.length > 0
  say.textContent = which === 'none' ? 'No files for this account'
    : which === 'inherit' ? 'No files for all accounts yet' : saidOfTaken(taken)

  find('.sources').hidden = which !== 'own' || !taken.kinds.length
  drawSources(find('.sources'), m, data, scope, taken, got.files)
  drawSendings(find('.sendings'), m, data, jobs)
}

// Where files come from: this computer, or the library.
function drawSources (part, m, data, scope, taken, files) {
  const find = selector => part.querySelector(selector), images = taken.kinds.every(kind => kind === 'image')
  const add = find('.add'), picker = find('input[type=file]')
  add.lastChild.textContent = images ? (files.length ? 'Add another image' : 'Add image') : files.length ? 'Add more files' : 'Add files'
  add.disabled = data.locked
  add.onclick = () => picker.click()
  picker.accept = taken.types.join(',')
  picker.onchange = () => { sendFiles(m, data, scope, [...picker.files]); picker.value = '' }
  drawWayToLibrary(find('.library'), m, data, { scope, cover: false, kinds: taken.kinds, most: taken.most - carried(m, scope).length })
}

// A button that can do nothing says why, and keeps the focus of whoever comes back to it.
function drawWayToLibrary (button, m, data, wanted) {
  const full = wanted.most < 1
  button.disabled = data.locked
  button.setAttribute('aria-disabled', String(full))
  button.title = full ? 'More files fit nowhere. Remove one first.' : ''
  button.onclick = () => full ? m.say(button.title) : openShelf(m, { ...wanted, opener: button })
}

function saidOfTaken ({ kinds }) {
  if (!kinds.length) return 'No files: what is chosen takes none.'
  const words = { image: 'images (JPEG or PNG, at most 10 MB)', video: 'videos', document: 'documents' }
  const said = kinds.length > 1 || kinds[0] !== 'image' ? either(kinds.map(kind => words[kind])) : 'JPEG or PNG, at most 10 MB'
  return said[0].toUpperCase() + said.slice(1) + '. Drop or paste them here too.'
}

function replaceWhich (group, m, scope, which, locked) {
  const choose = choice => {
    for (const job of [...m.jobs].filter(each => each.scope === scope)) stop(m, job)
    m.wantsOwn = choice === 'own' ? scope : null
    if (choice === 'inherit') return m.write({ files: null, cover: null }, scope)
    if (choice === 'none') return m.write({ files: [], cover: null }, scope)
    // It begins as what all accounts get, to be put in another order or described otherwise.
    if (which === 'inherit' && m.now.files.length) return m.write({ files: m.now.files, cover: m.now.cover }, scope)
    m.redraw()
  }
  const focused = group.getRootNode().activeElement?.dataset?.which
  group.replaceChildren(...WHICH.map(([choice, words]) => {
    const button = el('button', '', words)
    Object.assign(button, { type: 'button', disabled: locked, onclick: () => choose(choice) })
    button.dataset.which = choice
    button.setAttribute('aria-pressed', String(choice === which))
    return button
  }))
  if (focused) group.querySelector('[data-which="' + focused + '"]')?.focus()
}

// One row for each file. A row stays the same element when it moves, so that it keeps the focus and what is typed in it.
const ROWS = new WeakMap()
function drawFiles (list, m, data, scope, files, editable, write) {
  if (!ROWS.has(list)) ROWS.set(list, new Map())
  const rows = ROWS.get(list)
  list.hidden = files.length === 0
  unlessSame(list, [scope, files.map(each => each.media), files.map(each => m.media.get(each.media)?.address)], () => {
    const focused = list.getRootNode().activeElement
    for (const media of [...rows.keys()]) if (!files.some(each => each.media === media)) rows.delete(media)
    list.replaceChildren(...files.map(({ media }) => {
      if (!rows.has(media)) rows.set(media, fileRow(m.media.get(media), data.describe))
      return rows.get(media)
    }))
    if (focused && list.contains(focused)) focused.focus({ preventScroll: true })
  })
  files.forEach((file, at) => drawRow(rows.get(file.media), m, data, scope, files, at, editable, write))
}

function fileRow (view, describe) {
  const name = view?.file_name ?? 'A file that is gone', kind = kindOf(view)
  const grip = iconButton('grip', 'drag_indicator')
  const what = el('span', 'what', el('span', 'name', name), el('small', 'size num', view ? sizeOf(view) : 'Remove it, or add it again.'),
    view?.rights ? el('small', 'rights', 'Rights: ' + view.rights) : null, el('small', 'prepared'))
  const row = el('li', 'file', grip, thumb(view, kind), what,
    iconButton('earlier', 'arrow_upward'), iconButton('later', 'arrow_downward'), el('button', 'small remove', 'Remove'))
  const count = el('span', 'count num'), input = el('textarea')
  const label = el('label', 'alt', el('span', '', el('span', '', describe, el('span', 'sr', ' ' + name)), count), input)
  Object.assign(input, { rows: 2, spellcheck: true })
  const hints = el('ul', 'hints')
  hints.setAttribute('aria-live', 'polite')
  row.append(label, hints)
  for (const button of row.querySelectorAll('button')) button.type = 'button'
  return row
}

function iconButton (classes, name) {
  return el('button', 'small icon ' + classes, icon(name))
}

// A small picture of any file: of a video its poster.
function thumb (view, kind) {
  const address = view?.thumbnail ?? (kind === 'image' ? view?.address : view?.poster)
  if (!address) return el('span', 'thumb kind', icon(kind === 'video' ? 'movie' : kind === 'document' ? 'description' : 'broken_image'))
  const image = el('img', 'thumb')
  Object.assign(image, { src: address, alt: '' })
  return image
}

function drawRow (row, m, data, scope, files, at, editable, write) {
  const find = selector => row.querySelector(selector)
  const file = files[at], view = m.media.get(file.media), name = view?.file_name ?? 'this file', many = files.length > 1
  find('.prepared').textContent = view?.prepared ?? ''
  const put = changedFiles => write({ files: changedFiles, ...(scope === null ? {} : { cover: given(m.now, scope).cover }) }, scope)
  const move = to => {
    if (!editable || to < 0 || to >= files.length || to === at) return
    const ordered = files.filter(each => each !== file)
    ordered.splice(to, 0, file)
    put(ordered)
    m.say(name + ' is now ' + (to + 1) + ' of ' + files.length)
  }
  const named = (selector, words, to) => {
    const button = find(selector)
    button.hidden = !editable || !many
    button.disabled = to !== null && (to < 0 || to >= files.length)
    button.setAttribute('aria-label', words)
    button.title = words
    button.onclick = to === null ? null : () => move(to)
    return button
  }
  const grip = named('.grip', 'Move ' + name + ', ' + (at + 1) + ' of ' + files.length + ': drag, or Alt with the arrow keys', null)
  grip.onpointerdown = event => drag(event, row, m, scope, file.media, put)
  named('.earlier', 'Move ' + name + ' earlier', at - 1)
  named('.later', 'Move ' + name + ' later', at + 1)
  row.onkeydown = event => {
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key]
    if (!event.altKey || by === undefined || event.target.tagName === 'TEXTAREA') return
    event.preventDefault()
    move(at + by)
    if (event.target.disabled) grip.focus()
  }
  const remove = find('.remove')
  remove.hidden = !editable
  remove.setAttribute('aria-label', 'Remove ' + name)
  remove.onclick = () => {
    const rest = files.filter(each => each !== file)
    if (scope !== null && !rest.length) m.wantsOwn = scope
    put(rest)
    row.getRootNode().querySelector('.files .add')?.focus()
  }
  drawDescription(find('.alt'), m, data, scope, file, editable, words => put(files.map(each => each === file ? { ...each, alt: words } : each)))
  drawHints(find('.hints'), linesAt(m, data, (problem, account) => problem.place === 'image' && problem.at === at && sharesFiles(m, account)))
}

// Whether an account's files are those that the open tab lists.
function sharesFiles (m, account) {
  return m.tab !== null || variantOf(m.now, account).files === null
}

function drawDescription (label, m, data, scope, file, editable, write) {
  const input = label.querySelector('textarea'), count = label.querySelector('.count')
  const takers = reached(m, data, scope), limits = takers.map(({ form }) => form.max_alt).filter(most => most > 0)
  label.hidden = kindOf(m.media.get(file.media)) !== 'image' || (takers.length > 0 && limits.length === 0)
  if (input.value !== file.alt) input.value = file.alt
  input.readOnly = !editable
  const most = Math.min(...limits), length = COUNTERS.codepoints(file.alt)
  count.textContent = limits.length ? length.toLocaleString('en') + ' of ' + most.toLocaleString('en') : ''
  count.classList.toggle('bad', limits.length > 0 && length > most)
  input.oninput = () => write(input.value.replace(/\n/g, ' '))
}

// Drag by the grip: the file goes where the pointer is, past the middle of each neighbour. Heard on the document, because
// the row itself moves.
function drag (event, row, m, scope, media, put) {
  if (event.button !== 0) return
  event.preventDefault()
  const list = row.parentElement, over = new AbortController(), options = { signal: over.signal }
  row.classList.add('dragged')
  event.target.closest('button').focus({ preventScroll: true })
  document.addEventListener('pointermove', ({ clientY }) => {
    const at = [...list.children].indexOf(row), others = [...list.children].filter(each => each !== row)
    const middle = each => { const { top, height } = each.getBoundingClientRect(); return top + height / 2 }
    const up = others.filter(each => middle(each) < clientY).length, down = others.filter(each => middle(each) <= clientY).length
    const to = down > at ? down : up < at ? up : at
    if (to === at) return
    const ordered = [...given(m.now, scope).files]
    ordered.splice(to, 0, ...ordered.splice(ordered.findIndex(each => each.media === media), 1))
    put(ordered)
  }, options)
  const end = () => { row.classList.remove('dragged'); over.abort() }
  document.addEventListener('pointerup', end, options)
  document.addEventListener('pointercancel', end, options)
}
