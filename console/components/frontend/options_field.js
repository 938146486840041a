// What a form of post asks besides, each option drawn by its shape (core/provider_kit/types.py): switch, line, text,
// people, tags, moment, poll.
function drawOptions (part, m, data, takers, write) {
  const options = askedOf(takers, m), scope = m.tab, locked = data.locked
  part.hidden = options.length === 0
  const own = scope === null ? {} : variantOf(m.now, scope).options
  const got = given(m.now, scope)
  const shape = options.map(option => [option, rowsOf(option, got.options[option.key])])
  unlessSame(part, [scope, locked, shape, got.files.length], () => {
    const focused = part.getRootNode().activeElement?.dataset?.at
    part.replaceChildren(...options.map(option => optionField(option, m, locked, value =>
      m.write({ options: withOption(m.now, m.tab, option.key, value) }))))
    if (focused) part.querySelector('[data-at="' + focused + '"]')?.focus()
  })
  options.forEach((option, at) => {
    const field = part.children[at], hints = linesAt(m, data, problem => problem.place === 'option' && problem.at === option.key)
    field.back.hidden = !(option.key in own)
    field.fill(got.options[option.key])
    drawHints(field.querySelector('.hints'), hints)
  })
}

// The options of all forms that come of it, each once, with the networks that ask it where not all do. One that belongs to
// a kind of file, or to a link, is asked where there is such a one.
function askedOf (takers, m) {
  const options = new Map()
  for (const { account, got, form } of takers) {
    const carried = [...kindsOf(got.files, m), ...(form.takes_link && got.link ? ['link'] : [])]
    for (const option of form.options.filter(({ of }) => !of.length || of.some(each => carried.includes(each)))) {
      const known = options.get(option.key) ?? { ...option, networks: [] }
      if (!known.networks.includes(account.network.title)) known.networks.push(account.network.title)
      options.set(option.key, known)
    }
  }
  const all = new Set(takers.map(({ account }) => account.network.title)).size
  return [...options.values()].map(({ networks, ...option }) => ({ ...option, note: networks.length < all ? networks.join(', ') : '' }))
}

// How many rows an option has now: only another number of them draws it anew.
function rowsOf (option, value) {
  if (option.shape === 'tags') return value?.length ?? 0
  return option.shape === 'poll' ? value?.answers?.length ?? 0 : 0
}

function optionField (option, m, locked, put) {
  const draw = { switch: switchField, line: lineField, text: lineField, people: peopleField, tags: tagsField, moment: momentField, poll: pollField }[option.shape]
  const now = () => given(m.now, m.tab).options[option.key]
  const { parts, fill } = draw(option, m, now, put)
  const back = el('button', 'small', 'As for all')
  Object.assign(back, { type: 'button', onclick: () => { put(undefined); field.fill(now(), true) } })
  const hints = el('ul', 'hints')
  hints.setAttribute('aria-live', 'polite')
  const title = el('span', 'title', option.title, option.required ? ' (needed)' : '', option.note ? el('small', '', ' ' + option.note) : null)
  const field = el('div', 'option', el('div', 'head', title, back), ...parts, option.words ? el('p', 'words', option.words) : null, hints)
  field.setAttribute('role', 'group')
  field.setAttribute('aria-label', option.title)
  for (const control of field.querySelectorAll('input,textarea,select,button')) if (locked) control.disabled = true
  // What somebody types in isn't written over while they do.
  field.fill = (value, always) => { if (always || !field.contains(field.getRootNode().activeElement)) fill(value) }
  field.back = back
  fill(now())
  return field
}

function control (tag, at, label, properties, heard, listener) {
  const element = el(tag)
  Object.assign(element, properties)
  element.dataset.at = at
  element.setAttribute('aria-label', label)
  element.addEventListener(heard, listener)
  return element
}

function switchField (option, m, now, put) {
  const box = control('input', option.key, option.title, { type: 'checkbox' }, 'change', () => put(box.checked))
  return { parts: [el('label', 'switch', box, el('span', '', 'On'))], fill: value => { box.checked = value ?? option.default } }
}

function lineField (option, m, now, put) {
  const properties = option.shape === 'text' ? { rows: 3 } : { type: 'text', autocomplete: 'off' }
  const count = el('span', 'count num')
  const counted = value => {
    const over = option.most ? COUNTERS.codepoints(value) - option.most : 0
    count.textContent = option.most && value ? COUNTERS.codepoints(value).toLocaleString('en') + ' of ' + option.most.toLocaleString('en') : ''
    count.classList.toggle('bad', over > 0)
  }
  const input = control(option.shape === 'text' ? 'textarea' : 'input', option.key, option.title, properties, 'input', () => { counted(input.value); put(input.value) })
  return { parts: [input, count], fill: value => { input.value = value ?? ''; counted(input.value) } }
}

function peopleField (option, m, now, put) {
  const names = text => text.split(/[\s,;]+/).map(name => name.replace(/^@/, '')).filter(Boolean)
  const input = control('input', option.key, option.title, { type: 'text', autocomplete: 'off', spellcheck: false, placeholder: '@name, @name' }, 'input', () => put(names(input.value)))
  const most = option.most ? el('small', 'quiet', 'At most ' + option.most) : null
  return { parts: most ? [input, most] : [input], fill: value => { input.value = (value ?? []).map(name => '@' + name).join(', ') } }
}

function momentField (option, m, now, put) {
  const input = control('input', option.key, option.title + ', in seconds', { type: 'number', min: 0, step: 0.1 }, 'input', () =>
    put(input.value === '' ? undefined : Math.round(Number(input.value) * 1000)))
  return { parts: [el('div', 'row', input, el('span', 'quiet', 'seconds into the video'))], fill: value => { input.value = value === undefined ? '' : value / 1000 } }
}

// Somebody marked on a file: a name, the file where there are several, and on an image the place in per cent.
function tagsField (option, m, now, put) {
  const files = given(m.now, m.tab).files, tags = now() ?? []
  const change = (at, parts) => put((now() ?? []).map((tag, number) => number === at ? { ...tag, ...parts } : tag))
  const onImage = number => kindOf(m.media.get(files[number]?.media)) === 'image'
  const rows = tags.map((tag, at) => {
    const name = control('input', option.key + at, 'Name of person ' + (at + 1), { type: 'text', placeholder: '@name', autocomplete: 'off', spellcheck: false }, 'input', () => change(at, { username: name.value.replace(/^@/, '').trim() }))
    const file = control('select', option.key + 'file' + at, 'File of person ' + (at + 1), { hidden: files.length < 2 }, 'change', () => {
      const number = Number(file.value)
      change(at, onImage(number) ? { file: number, x: tag.x ?? 0.5, y: tag.y ?? 0.5 } : { file: number, x: undefined, y: undefined })
    })
    file.append(...files.map((_, number) => new Option('File ' + (number + 1), String(number))))
    const place = (which, words) => {
      const input = control('input', option.key + which + at, words + ' of person ' + (at + 1) + ', in per cent', { type: 'number', min: 0, max: 100, step: 1, title: words }, 'input', () =>
        change(at, { [which]: input.value === '' ? undefined : Math.min(1, Math.max(0, Number(input.value) / 100)) }))
      return input
    }
    const x = place('x', 'From the left'), y = place('y', 'From the top')
    const remove = el('button', 'small', 'Remove')
    Object.assign(remove, { type: 'button', onclick: () => put((now() ?? []).filter((_, number) => number !== at)) })
    remove.setAttribute('aria-label', 'Remove person ' + (at + 1))
    const row = el('div', 'row', name, file, x, el('span', 'quiet', '% from the left'), y, el('span', 'quiet', '% from the top'), remove)
    row.fill = value => {
      name.value = value?.username ?? ''
      file.value = String(value?.file ?? 0)
      for (const [input, share] of [[x, value?.x], [y, value?.y]]) {
        input.value = share === undefined || share === null ? '' : Math.round(share * 100)
        input.hidden = input.nextSibling.hidden = !onImage(value?.file ?? 0)
      }
    }
    return row
  })
  const add = el('button', 'small', 'Add a person')
  Object.assign(add, { type: 'button', disabled: Boolean(option.most && tags.length >= option.most), onclick: () => put([...(now() ?? []), onImage(0) ? { username: '', file: 0, x: 0.5, y: 0.5 } : { username: '', file: 0 }]) })
  return { parts: [...rows, add], fill: value => rows.forEach((row, at) => row.fill(value?.[at])) }
}

const POLL_DAYS = [1, 3, 7, 14], POLL_ANSWERS = [2, 4]
function pollField (option, m, now, put) {
  const poll = () => ({ question: '', answers: ['', ''], days: 3, ...now() })
  const begun = Boolean(now())
  const change = parts => put({ ...poll(), ...parts })
  if (!begun) {
    const begin = control('button', option.key, option.title + ': begin', { type: 'button', className: 'small', textContent: 'Write a poll' }, 'click', () => change({}))
    return { parts: [begin], fill: () => {} }
  }
  const question = control('input', option.key + 'question', 'Question', { type: 'text', placeholder: 'Question', autocomplete: 'off' }, 'input', () => change({ question: question.value }))
  const answers = poll().answers.map((_, at) => {
    const input = control('input', option.key + at, 'Answer ' + (at + 1), { type: 'text', placeholder: 'Answer ' + (at + 1), autocomplete: 'off' }, 'input', () =>
      change({ answers: poll().answers.map((answer, number) => number === at ? input.value : answer) }))
    return input
  })
  const button = (words, disabled, onclick) => Object.assign(el('button', 'small', words), { type: 'button', disabled, onclick })
  const more = button('Add an answer', answers.length >= POLL_ANSWERS[1], () => change({ answers: [...poll().answers, ''] }))
  const less = button('Remove the last', answers.length <= POLL_ANSWERS[0], () => change({ answers: poll().answers.slice(0, -1) }))
  const days = control('select', option.key + 'days', 'How long it runs', {}, 'change', () => change({ days: Number(days.value) }))
  days.append(...POLL_DAYS.map(each => new Option(each + (each > 1 ? ' days' : ' day'), String(each))))
  const drop = button('No poll', false, () => put(m.tab === null || !(option.key in m.now.options) ? undefined : ''))
  return {
    parts: [question, ...answers, el('div', 'row', more, less, days, drop)],
    fill: () => {
      const { question: asked, answers: given_, days: long } = poll()
      question.value = asked
      answers.forEach((input, at) => { input.value = given_[at] ?? '' })
      days.value = String(long)
    }
  }
}
