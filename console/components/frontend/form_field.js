// The form of post (feed, story, reel), what it needs, what it asks besides, the cover of a video, and the first comment.
function drawFormField (field, m, data, write) {
  const find = selector => field.querySelector(selector)
  const takers = reached(m, data), choices = formChoices(m, data, takers)
  const group = find('.forms')
  find('.form').hidden = choices.length === 0
  const chosen = m.tab === null ? m.now.format : variantOf(m.now, m.tab).format
  unlessSame(group, [m.tab, chosen, choices, data.locked], () => replaceForms(group, m, chosen, choices, data.locked))
  const needs = choices.length ? neededBy(takers) : []
  unlessSame(find('.needs'), needs, () => find('.needs').replaceChildren(...needs.map(words => el('li', '', words))))
  drawHints(find('.of-form'), linesAt(m, data, problem => problem.place === 'format'))
  drawCover(find('.cover'), m, data, takers)
  drawOptions(find('.options'), m, data, takers, write)
  drawComment(find('.comment'), m, data, takers, write)
}

// What can be chosen: of one account what its network has, of all accounts whatever some network has several of.
function formChoices (m, data, takers) {
  const several = takers.filter(({ account }) => account.network.forms.length > 1)
  if (!several.length) return []
  const forms = new Map()
  for (const { account } of several) {
    for (const form of account.network.forms) {
      const known = forms.get(form.key) ?? { key: form.key, title: form.title, words: form.words, networks: [] }
      if (!known.networks.includes(account.network.title)) known.networks.push(account.network.title)
      forms.set(form.key, known)
    }
  }
  const networks = new Set(takers.map(({ account }) => account.network.title)).size
  const common = m.tab !== null && m.now.format ? forms.get(m.now.format)?.title : null
  const first = { key: null, title: m.tab === null ? 'By its files' : 'As for all', words: common ? 'For all: ' + common : 'The form that fits the files', note: '' }
  return [first, ...[...forms.values()].map(({ networks: those, ...each }) => ({ ...each, note: those.length < networks ? those.join(', ') : '' }))]
}

// The buttons outlive what was drawn with them: they write by what is known when they are pressed.
function replaceForms (group, m, chosen, choices, locked) {
  const focused = group.getRootNode().activeElement?.dataset?.form
  group.replaceChildren(...choices.map(({ key, title, words, note }) => {
    const button = el('button', '', title, note ? el('small', '', ' ' + note) : null)
    Object.assign(button, { type: 'button', disabled: locked, title: words, onclick: () => m.write({ format: key }) })
    button.dataset.form = key ?? ''
    button.setAttribute('aria-pressed', String(key === (chosen || null)))
    return button
  }))
  if (focused !== undefined) group.querySelector('[data-form="' + focused + '"]')?.focus()
}

// What the forms that come of it need, once for each network.
function neededBy (takers) {
  const said = takers.filter(({ account }) => account.network.forms.length > 1).map(({ account, form }) =>
    account.network.title + ': ' + form.title + (form.needs ? '. ' + form.needs : ''))
  return [...new Set(said)]
}

function drawCover (part, m, data, takers) {
  const find = selector => part.querySelector(selector)
  const got = given(m.now, m.tab), job = [...m.jobs].find(each => each.scope === m.tab && each.purpose === 'cover')
  const own = m.tab === null || variantOf(m.now, m.tab).files !== null
  part.hidden = !takers.some(({ got: theirs, form }) => form.covers && kindsOf(theirs.files, m).includes('video'))
  if (part.hidden) return
  const view = got.cover && m.media.get(got.cover)
  unlessSame(find('.shown'), [got.cover, view?.address], () => find('.shown').replaceChildren(...(view ? [thumb(view, 'image'), el('span', '', view.file_name)] : [el('span', 'quiet', 'A picture from the video itself')])))
  const picker = find('input'), add = find('.small.add'), remove = find('.small.remove')
  add.hidden = !own || Boolean(job)
  remove.hidden = !own || !got.cover
  add.disabled = remove.disabled = data.locked
  add.textContent = got.cover ? 'Replace' : 'Choose an image'
  find('.library').hidden = add.hidden
  drawWayToLibrary(find('.library'), m, data, { scope: m.tab, cover: true, kinds: ['image'], most: 1 })
  add.onclick = () => picker.click()
  picker.accept = data.image_types.join(',')
  picker.onchange = () => { sendFiles(m, data, m.tab, [...picker.files].slice(0, 1), 'cover'); picker.value = '' }
  remove.onclick = () => { setCover(m, m.tab, null); add.focus() }
  drawSendings(find('.sendings'), m, data, job ? [job] : [])
}

function drawComment (part, m, data, takers, write) {
  const find = selector => part.querySelector(selector), input = find('textarea'), back = find('.small')
  const rules = takers.map(({ account, form }) => form.takes_comments && account.network.comments).filter(Boolean)
  const scope = m.tab, got = given(m.now, scope), own = scope !== null && variantOf(m.now, scope).comment !== null
  part.hidden = !rules.length
  if (input.value !== got.comment) input.value = got.comment
  input.readOnly = data.locked
  input.oninput = () => write({ comment: input.value })
  const left = Math.min(...rules.map(each => each.max_length - lengthOf(got.comment, each))), count = find('.count')
  count.textContent = got.comment && rules.length ? (left < 0 ? (-left).toLocaleString('en') + ' over' : left.toLocaleString('en') + ' left') : ''
  count.classList.toggle('bad', left < 0)
  back.hidden = !own
  back.disabled = data.locked
  back.onclick = () => { write({ comment: null }); input.focus() }
  drawHints(find('.hints'), linesAt(m, data, problem => problem.place === 'comment'))
}
