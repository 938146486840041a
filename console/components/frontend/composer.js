// The composer: one text for all accounts and what single ones get instead, saved shortly after the last key.
const memory = new WeakMap()

export default function (component) {
  const { data, parentElement: root, setStateValue } = component
  const find = selector => root.querySelector(selector)
  const area = find('.text'), link = find('.link input'), box = find('.box')
  let m = memory.get(root)
  if (!m) memory.set(root, m = blank())
  settle(m, data)
  for (const view of data.media) if (!m.media.has(view.id)) m.media.set(view.id, view)

  const write = (parts, scope = m.tab) => {
    m.now = changed(m.now, scope, parts)
    flushLater(m, data, setStateValue)
    draw()
  }
  const draw = () => {
    const got = given(m.now, m.tab), takers = reached(m, data)
    drawScopes(find('.tabs'), m, data, account => wrongWith(account, m, data).some(each => each.severity === 'error'))
    drawOwnText(find('.strip'), m, data, write, area)
    drawPrice(find('.price'), m, data)
    const inherits = m.tab !== null && variantOf(m.now, m.tab).text === null
    if (area.value !== got.text) area.value = got.text
    if (link.value.trim() !== m.now.link) link.value = m.now.link
    area.readOnly = data.locked || inherits
    area.placeholder = inherits ? 'Nothing is written for all accounts yet.' : data.placeholder
    link.readOnly = data.locked || m.tab !== null
    box.classList.toggle('off', data.locked)
    const takesLink = takers.some(({ form }) => form.takes_link) || !data.accounts.length
    find('.link').hidden = m.tab === null ? !takesLink : m.now.link === '' || !takesLink
    drawFilesField(find('.files'), m, data, write)
    drawFormField(find('.more'), m, data, write)
    find('.more').hidden = [...find('.more').children].every(each => each.hidden)
    drawCounters(find('.bar'), m, data)
    drawWrong(got)
    drawPreviews(find('.pv'), m, data)
    drawShelf(find('.shelf'), m, data)
  }
  // What stands at a file, an option, the form or the comment itself is drawn there.
  const drawWrong = got => {
    const elsewhere = new Set(['image', 'format', 'option', 'comment'])
    const atFiles = linesAt(m, data, ({ place, at }, account) => place === 'image' && !(Number.isInteger(at) && sharesFiles(m, account)))
    const wrong = linesAt(m, data, ({ place }) => !elsewhere.has(place)), all = linesAt(m, data, () => true)
    // Of what is empty nothing is said, so nothing was found yet in what was begun since.
    const begun = [got, given(m.saved, m.tab)].every(each => each.text.trim() || each.link || each.files.length || Object.keys(each.options).length)
    drawHints(find('.hints.of-files'), atFiles)
    drawHints(find('.hints.of-text'), data.accounts.length && begun && !all.length ? [['ok', data.ready, '']] : wrong)
  }
  Object.assign(m, { redraw: draw, write, say: words => { find('.moved').textContent = words }, ask: asked => setStateValue('library', asked) })

  area.oninput = () => write({ text: area.value })
  link.oninput = () => write({ link: link.value.trim() }, null)
  const handOver = () => { flush(m, data, setStateValue); draw() }
  area.onblur = link.onblur = handOver
  box.onkeydown = event => {
    if (!event.ctrlKey && !event.metaKey) return
    if (event.key.toLowerCase() === 's') { event.preventDefault(); handOver() }
    // The page's own shortcut acts on this key next: what was typed so far must reach the server before it.
    if (event.key === 'Enter') handOver()
  }
  takeFiles(box, m, data)
  goOnSaving(m, data, setStateValue)
  draw()
  return () => clearTimeout(m.timer)
}

// One account as its tab asks for, else one of each network.
function drawPreviews (part, m, data) {
  const shown = readers(m, data).map(account => ({ account, got: given(m.now, account.id) }))
  const addresses = shown.map(({ got }) => got.files.map(each => m.media.get(each.media)?.address))
  unlessSame(part, [shown, addresses, [...m.unfolded], [...m.slides], data.accounts.length], () => replacePreviews(part, m, data, shown))
}

function replacePreviews (part, m, data, shown) {
  const cards = shown.map(({ account, got }) => {
    const form = formOf(account, got, m), seen = file => seenBy(account.network.key, m.media.get(file.media), file.alt)
    const files = form.files[1] ? got.files.map(seen).filter(Boolean) : []
    const cover = form.covers && got.cover ? seenBy(account.network.key, m.media.get(got.cover), '') : null
    const options = Object.fromEntries(form.options.map(({ key }) => [key, got.options[key]]))
    return previewCard(account, form, { text: got.text, link: got.link, files, cover, options, comment: got.comment }, {
      unfolded: m.unfolded, slides: m.slides, again: () => m.redraw(), nothing: 'Your text appears here.'
    })
  })
  const why = data.accounts.length ? 'Every account has its own text. Open its tab to see the post there.' : 'Pick an account to see the post as it will look there.'
  part.replaceChildren(...(cards.length ? cards : [el('div', 'empty', why)]))
}

// A file as a network gets it: its rendition where one was made.
function seenBy (network, view, alt) {
  if (!view) return null
  const form = view.renditions?.find(each => each.network === network) ?? view
  return { ...view, address: form.address, width: form.width, height: form.height, mime: form.mime, alt }
}
