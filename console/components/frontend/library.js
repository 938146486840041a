// The library: files as tiles, and sending new ones past Streamlit, several at once, each with its own progress.
//
// A browser doesn't let a page keep a file over a reload, but it does keep what was begun: chosen again, the same file
// (name, size, time and the hash of its first megabyte) goes on where it stopped.
const TAKEN = 'image/jpeg,image/png,video/mp4,video/quicktime,application/pdf,.doc,.docx,.ppt,.pptx,.mov,.mp4'
const AT_ONCE = 2
const FINAL = [400, 404, 413, 415, 422]
const ours = new WeakMap()

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component
  const find = selector => root.querySelector(selector)
  let m = ours.get(root)
  if (!m) ours.set(root, m = { jobs: [], looking: new Set(), timer: null })
  m.data = data
  m.changed = () => setTriggerValue('changed', Date.now())

  const draw = () => drawJobs(find('.jobs'), m, draw)
  const take = files => {
    for (const file of files) m.jobs.push({ file, id: null, sent: 0, state: 'waiting', trouble: '' })
    begin(m, draw)
    draw()
  }

  const drop = find('.drop'), picker = find('input[type=file]')
  drop.hidden = !data.may_send
  picker.accept = TAKEN
  find('.browse').onclick = () => picker.click()
  picker.onchange = () => { take([...picker.files]); picker.value = '' }
  const box = find('.root')
  const brings = event => data.may_send && event.dataTransfer?.types.includes('Files')
  box.ondragover = event => { if (brings(event)) { event.preventDefault(); drop.classList.add('over') } }
  box.ondragleave = event => { if (!box.contains(event.relatedTarget)) drop.classList.remove('over') }
  box.ondrop = event => {
    drop.classList.remove('over')
    if (!brings(event)) return
    event.preventDefault()
    take([...event.dataTransfer.files])
  }

  draw()
  lookAfter(m)
  const grid = find('.tiles')
  unlessSame(grid, data.files, () => {
    const focused = grid.getRootNode().activeElement?.dataset?.id
    grid.replaceChildren(...data.files.map(file =>
      fileTile(file, { selected: file.selected, href: file.href, onPick: id => setTriggerValue('opened', id) })))
    if (focused) grid.querySelector('[data-id="' + focused + '"]')?.focus()
  })
}

// What the server knows besides: sent in another tab or before a reload, still on its way, being prepared, or refused.
function others (m) {
  const mine = new Set(m.jobs.map(job => job.id))
  return m.data.uploads.filter(each => !mine.has(each.id))
}

function drawJobs (part, m, draw) {
  const rows = [
    ...m.jobs.map(job => ({ key: job, name: job.file.name, ...told(job), buttons: buttonsOf(job, m, draw) })),
    ...others(m).map(each => ({ key: each.id, name: each.name, ...toldOf(each), buttons: [] })),
  ]
  part.hidden = rows.length === 0
  const shown = rows.map(row => [row.name, row.words, row.share, row.bad, row.buttons.length])
  unlessSame(part, shown, () => part.replaceChildren(...rows.map(row => {
    const bar = el('progress')
    if (row.share === null || row.bad) bar.hidden = true
    else Object.assign(bar, { max: 1, value: row.share })
    bar.setAttribute('aria-label', row.name)
    const words = el('span', 'words', row.words)
    return el('li', row.bad ? 'bad' : '', icon(row.icon), el('b', 'cut', row.name), words, bar, ...row.buttons)
  })))
}

function told (job) {
  const share = job.file.size ? job.sent / job.file.size : 0
  if (job.trouble) return { words: job.trouble, share: null, bad: true, icon: 'error' }
  if (job.state === 'waiting') return { words: 'Waits its turn', share: null, icon: 'schedule' }
  if (job.state === 'preparing') return { words: 'Being prepared: you can go on or leave', share: null, icon: 'hourglass_top' }
  if (job.state === 'done') return { words: 'Added', share: null, icon: 'check_circle' }
  const percent = Math.floor(share * 100) + ' %'
  return { words: share < 1 ? 'Sending, ' + percent : 'Looking at it', share, icon: 'upload' }
}

function toldOf (upload) {
  if (upload.trouble) return { words: upload.trouble, share: null, bad: true, icon: 'error' }
  if (upload.preparing) return { words: 'Being prepared: you can go on or leave', share: null, icon: 'hourglass_top' }
  const percent = Math.floor(upload.share * 100) + ' %'
  return { words: percent + ' arrived. Choose the same file again, and it goes on from there.', share: upload.share, icon: 'pause_circle' }
}

function buttonsOf (job, m, draw) {
  const button = (words, act) => {
    const made = el('button', '', words)
    made.type = 'button'
    made.onclick = act
    return made
  }
  const away = () => { job.controller?.abort(); m.jobs.splice(m.jobs.indexOf(job), 1); begin(m, draw); draw() }
  if (job.trouble) {
    const again = () => { Object.assign(job, { trouble: '', state: 'waiting' }); begin(m, draw); draw() }
    return [job.mayRepeat ? button('Try again', again) : null, button('Dismiss', away)].filter(Boolean)
  }
  return [button(job.state === 'done' ? 'Dismiss' : 'Cancel', away)]
}

function begin (m, draw) {
  const running = m.jobs.filter(job => job.state === 'sending').length
  for (const job of m.jobs.filter(each => each.state === 'waiting' && !each.trouble).slice(0, AT_ONCE - running)) send(job, m, draw)
}

async function send (job, m, draw) {
  Object.assign(job, { state: 'sending', controller: new AbortController() })
  const key = 'masthead-upload/' + await fingerprint(job.file)
  try {
    const made = await upload(job.file, {
      base: m.data.ingest,
      resumeId: job.id ?? remembered(key),
      signal: job.controller.signal,
      onStarted: id => { job.id = id; remember(key, id) },
      onProgress: sent => { job.sent = sent; draw() },
      onPreparing: () => { if (job.state === 'sending') { job.state = 'preparing'; begin(m, draw); draw() } },
    })
    forget(key)
    job.state = 'done'
    job.id = made.mediaId
    setTimeout(() => { const at = m.jobs.indexOf(job); if (at >= 0) { m.jobs.splice(at, 1); draw() } }, 4000)
    m.changed()
  } catch (error) {
    if (job.controller.signal.aborted) { forget(key); return }
    const final = FINAL.includes(error.status)
    if (final) forget(key)
    Object.assign(job, { state: 'failed', trouble: error.message, mayRepeat: !final })
  }
  begin(m, draw)
  draw()
}

// Uploads that nobody here sends but a worker prepares: asked about until they are ready, then the page is drawn anew.
function lookAfter (m) {
  clearTimeout(m.timer)
  const preparing = others(m).filter(each => each.preparing)
  if (!preparing.length) return
  m.timer = setTimeout(async () => {
    const told = await Promise.all(preparing.map(each => state(m.data.ingest, each.id)))
    if (told.some(each => each && !each.preparing)) m.changed()
    else lookAfter(m)
  }, 3000)
}

async function state (base, id) {
  const headers = { Accept: 'application/json', 'X-Masthead-Call': 'console' }
  try {
    const answer = await fetch(base + '/api/uploads/' + id, { headers, credentials: 'include' })
    return answer.ok ? await answer.json() : null
  } catch { return null }
}

// The same file chosen again. Without a secure context browsers hash nothing; then the rest has to tell.
async function fingerprint (file) {
  const plain = [file.name, file.size, file.lastModified].join('/')
  if (!globalThis.crypto?.subtle) return plain
  const digest = await crypto.subtle.digest('SHA-256', await file.slice(0, 1 << 20).arrayBuffer())
  return plain + '/' + [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('')
}

function remembered (key) { try { return localStorage.getItem(key) } catch { return null } }
function remember (key, id) { try { localStorage.setItem(key, id) } catch { /* then a reload begins anew */ } }
function forget (key) { try { localStorage.removeItem(key) } catch { /* nothing was kept */ } }
