// Files on their way to ingest, one after the other; what arrives goes where it was chosen, whatever tab is open by then.
// A job: {scope, purpose: 'file' or 'cover', file, id, sent, trouble, mayRepeat, controller}.

// The files that a scope has of its own.
function carried (m, scope) {
  return (scope === null ? m.now.files : variantOf(m.now, scope).files) ?? []
}

// Files of the organization (as ingest and core show them) join what a scope carries. Whatever brings files comes in here.
function attach (m, scope, views) {
  const there = carried(m, scope)
  for (const view of views) m.media.set(view.id, view)
  const fresh = views.filter(view => !there.some(each => each.media === view.id))
  m.wantsOwn = null
  // Only images go out with a description.
  const alt = view => kindOf(view) === 'image' ? view.alt ?? '' : ''
  m.write({ files: [...there, ...fresh.map(view => ({ media: view.id, alt: alt(view) }))] }, scope)
}

function setCover (m, scope, view) {
  if (view) m.media.set(view.id, view)
  const files = scope === null ? {} : { files: given(m.now, scope).files }
  m.write({ ...files, cover: view?.id ?? null }, scope)
}

function sendFiles (m, data, scope, files, purpose = 'file') {
  for (const file of files) send(m, data, { scope, purpose, file, id: null, sent: 0, trouble: '', mayRepeat: false, controller: new AbortController() })
}

function send (m, data, job) {
  m.jobs.add(job)
  m.line = (m.line ?? Promise.resolve()).then(() => m.jobs.has(job) && !job.trouble ? run(m, data, job) : null)
  m.redraw()
}

function sendAgain (m, data, job) {
  Object.assign(job, { trouble: '', mayRepeat: false })
  send(m, data, job)
}

function stop (m, job) {
  job.controller.abort()
  m.jobs.delete(job)
}

async function run (m, data, job) {
  try {
    const view = await upload(job.file, {
      base: data.ingest,
      resumeId: job.id,
      signal: job.controller.signal,
      onStarted: id => { job.id = id },
      onProgress: sent => { job.sent = sent; if (m.jobs.has(job)) m.redraw() }
    })
    if (!m.jobs.delete(job)) return
    if (job.purpose === 'cover') setCover(m, job.scope, view)
    else attach(m, job.scope, [view])
  } catch (error) {
    if (!m.jobs.has(job)) return
    // A refusal of the file itself stays one; everything else may be over in a moment.
    Object.assign(job, { trouble: error.message, mayRepeat: ![400, 404, 413, 415, 422].includes(error.status) })
    m.redraw()
  }
}

function drawSendings (part, m, data, jobs) {
  const rows = [...part.children]
  const shape = jobs.map(job => [job.file.name, job.trouble, job.mayRepeat])
  unlessSame(part, shape, () => part.replaceChildren(...jobs.map(job => {
    const again = el('button', 'small again', 'Try again'), cancel = el('button', 'small cancel', job.trouble ? 'Dismiss' : 'Cancel')
    Object.assign(again, { type: 'button', hidden: !job.trouble || !job.mayRepeat, onclick: () => sendAgain(m, data, job) })
    Object.assign(cancel, { type: 'button', onclick: () => { stop(m, job); m.redraw() } })
    const progress = el('progress'), words = el('span', 'words')
    Object.assign(progress, { max: 1, hidden: Boolean(job.trouble) })
    progress.setAttribute('aria-label', 'Sent of ' + job.file.name)
    words.setAttribute('role', 'status')
    return el('div', 'sending' + (job.trouble ? ' bad' : ''), progress, words, again, cancel)
  })))
  jobs.forEach((job, at) => {
    const row = part.children[at] ?? rows[at], share = job.file.size ? job.sent / job.file.size : 0
    row.querySelector('progress').value = share
    row.querySelector('.words').textContent = job.trouble ? job.file.name + ': ' + job.trouble
      : share < 1 ? 'Sending ' + job.file.name + ', ' + Math.floor(share * 100) + ' %' : 'Looking at ' + job.file.name
  })
}

// Files that are dropped on the composer, or pasted into it, are this scope's.
function takeFiles (box, m, data) {
  box.ondragover = event => {
    if (data.locked || !event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    box.classList.add('drop')
  }
  box.ondragleave = event => { if (!box.contains(event.relatedTarget)) box.classList.remove('drop') }
  box.ondrop = event => {
    box.classList.remove('drop')
    const files = [...(event.dataTransfer?.files ?? [])]
    if (data.locked || !files.length) return
    event.preventDefault()
    sendFiles(m, data, m.tab, files)
  }
  box.onpaste = event => {
    const files = [...(event.clipboardData?.files ?? [])]
    // What has words as well (a copied table cell) is meant as words.
    if (data.locked || !files.length || event.clipboardData.types.includes('text/plain')) return
    event.preventDefault()
    sendFiles(m, data, m.tab, files)
  }
}
