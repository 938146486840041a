// The image of the post or of one account: chosen, dropped or pasted, sent past Streamlit, described, taken off.
const TAKEN = 'image/jpeg,image/png'
const WHICH = [['inherit', 'As for all'], ['none', 'No image'], ['own', 'Own image']]

function whichOf (version, scope) {
  const { media } = variantOf(version, scope)
  return media === 'inherit' || media === 'none' ? media : 'own'
}

// `write(parts, scope)` changes what is being written; `m.redraw` draws anew, also after this call is over.
function drawImageField (field, m, data, write) {
  const find = selector => field.querySelector(selector)
  const scope = m.tab, job = m.jobs.get(scope), got = given(m.now, scope)
  const which = scope === null ? 'own' : m.wantsOwn === scope || job ? 'own' : whichOf(m.now, scope)
  const facts = got.media && m.images.get(got.media)
  const add = find('.add'), picker = find('input[type=file]')

  const whichGroup = find('.which')
  whichGroup.hidden = scope === null
  unlessSame(whichGroup, [scope, which, data.locked], () => replaceWhich(whichGroup, m, scope, which, data.locked))

  const image = find('.thumb')
  image.hidden = !facts
  if (facts && image.getAttribute('src') !== facts.address) image.src = facts.address
  const nothing = scope !== null && which === 'none' ? 'No image for this account'
    : scope !== null && which === 'inherit' ? 'No image for all accounts yet' : 'JPEG or PNG, at most 10 MB. Drop or paste it here too.'
  find('.name').textContent = facts ? facts.file_name : nothing
  find('.size').textContent = facts ? facts.width + ' x ' + facts.height + ', ' + Math.max(1, Math.round(facts.size / 1000)).toLocaleString('en') + ' KB' : ''

  const hasOwn = scope === null ? m.now.media !== null : whichOf(m.now, scope) === 'own'
  add.hidden = which !== 'own' || Boolean(job && !job.trouble)
  add.lastChild.textContent = hasOwn ? 'Replace' : 'Add image'
  add.disabled = data.locked
  add.onclick = () => picker.click()
  picker.accept = TAKEN
  picker.onchange = () => { if (picker.files[0]) send(m, data, scope, picker.files[0]); picker.value = '' }
  const remove = find('.remove')
  remove.hidden = !hasOwn || Boolean(job)
  remove.disabled = data.locked
  remove.onclick = () => { write(scope === null ? { media: null, alt: '' } : { media: 'inherit', alt: null }, scope); add.focus() }

  drawSending(find('.sending'), m, data, scope, job)
  drawDescription(find('.alt'), m, data, scope, got, write)
}

function replaceWhich (group, m, scope, which, locked) {
  const choose = choice => {
    m.wantsOwn = choice === 'own' ? scope : null
    if (choice === 'own') return m.redraw()
    stop(m, scope)
    m.write({ media: choice, alt: null }, scope)
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

function drawSending (part, m, data, scope, job) {
  const find = selector => part.querySelector(selector)
  part.hidden = !job
  part.classList.toggle('bad', Boolean(job?.trouble))
  if (!job) return
  const share = job.sent / job.file.size
  find('progress').hidden = Boolean(job.trouble)
  find('progress').value = share
  find('.words').textContent = job.trouble ? job.file.name + ': ' + job.trouble
    : share < 1 ? 'Sending ' + job.file.name + ', ' + Math.floor(share * 100) + ' %' : 'Looking at ' + job.file.name
  find('.again').hidden = !job.trouble || !job.mayRepeat
  find('.again').onclick = () => send(m, data, scope, job.file, job.id)
  find('.cancel').textContent = job.trouble ? 'Dismiss' : 'Cancel'
  find('.cancel').onclick = () => { stop(m, scope); m.redraw() }
}

function drawDescription (label, m, data, scope, got, write) {
  const input = label.querySelector('textarea'), count = label.querySelector('.count')
  const going = data.accounts.filter(each => scope === null || each.id === scope)
  const limits = going.map(each => each.network.images?.max_alt ?? 0).filter(most => most > 0)
  label.hidden = !got.media || (going.length > 0 && limits.length === 0)
  if (input.value !== got.alt) input.value = got.alt
  input.readOnly = data.locked
  const most = Math.min(...limits), length = COUNTERS.codepoints(got.alt)
  count.textContent = limits.length ? length.toLocaleString('en') + ' of ' + most.toLocaleString('en') : ''
  count.classList.toggle('bad', limits.length > 0 && length > most)
  input.oninput = () => {
    const words = input.value.replace(/\n/g, ' ')
    const inherits = scope !== null && whichOf(m.now, scope) === 'inherit' && words === m.now.alt
    write({ alt: inherits ? null : words }, scope)
  }
}

function stop (m, scope) {
  m.jobs.get(scope)?.controller.abort()
  m.jobs.delete(scope)
}

// Send a file for this scope. Whatever tab is open when it is through, it goes where it was chosen.
function send (m, data, scope, file, resumeId = null) {
  stop(m, scope)
  const job = { file, id: resumeId, sent: 0, trouble: '', mayRepeat: false, controller: new AbortController() }
  m.jobs.set(scope, job)
  const isThis = () => m.jobs.get(scope) === job
  upload(file, {
    base: data.ingest,
    resumeId,
    signal: job.controller.signal,
    onStarted: id => { job.id = id },
    onProgress: sent => { job.sent = sent; if (isThis()) m.redraw() },
  }).then(image => {
    if (!isThis()) return
    m.jobs.delete(scope)
    m.wantsOwn = null
    m.images.set(image.mediaId, image)
    m.write({ media: image.mediaId, alt: scope === null ? '' : null }, scope)
  }, error => {
    if (!isThis()) return
    // A refusal of the file itself stays one; everything else may be over in a moment.
    Object.assign(job, { trouble: error.message, mayRepeat: ![400, 404, 413, 415, 422].includes(error.status) })
    m.redraw()
  })
  m.redraw()
}

// A file that is dropped on the composer, or pasted into it, is this scope's image.
function takeFiles (box, m, data) {
  const fileOf = transfer => [...(transfer?.files ?? [])][0]
  box.ondragover = event => {
    if (data.locked || !event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    box.classList.add('drop')
  }
  box.ondragleave = event => { if (!box.contains(event.relatedTarget)) box.classList.remove('drop') }
  box.ondrop = event => {
    box.classList.remove('drop')
    const file = fileOf(event.dataTransfer)
    if (data.locked || !file) return
    event.preventDefault()
    send(m, data, m.tab, file)
  }
  box.onpaste = event => {
    const file = fileOf(event.clipboardData)
    // What has words as well (a copied table cell) is meant as words.
    if (data.locked || !file || event.clipboardData.types.includes('text/plain')) return
    event.preventDefault()
    send(m, data, m.tab, file)
  }
}
