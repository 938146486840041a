// The composer: one text for all accounts and what single ones get instead, saved shortly after the last key.
const memory = new WeakMap()

export default function (component) {
  const { data, parentElement: root, setStateValue } = component
  const find = selector => root.querySelector(selector)
  const area = find('.text'), link = find('.link input'), box = find('.box')
  let m = memory.get(root)
  if (!m) memory.set(root, m = blank())
  settle(m, data)
  for (const image of data.images) if (!m.images.has(image.id)) m.images.set(image.id, image)

  const write = (parts, scope = m.tab) => {
    m.now = changed(m.now, scope, parts)
    flushLater(m, data, setStateValue)
    draw()
  }
  const draw = () => {
    const got = given(m.now, m.tab)
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
    const takesLink = m.tab === null ? data.takes_link : m.now.link !== '' && data.accounts.find(each => each.id === m.tab).network.takes_link
    find('.link').hidden = !takesLink
    drawImageField(find('.image'), m, data, write)
    drawCounters(find('.bar'), m, data)
    const wrong = linesAt(m, data, place => place !== 'image'), atImage = linesAt(m, data, place => place === 'image')
    const empty = !got.text.trim() && !got.link && !got.media
    const ready = data.accounts.length && !empty && !wrong.length && !atImage.length
    drawHints(find('.hints.of-image'), atImage)
    drawHints(find('.hints.of-text'), ready ? [['ok', data.ready, '']] : wrong)
    drawPreviews(find('.pv'), m, data)
  }
  Object.assign(m, { redraw: draw, write })

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
  const shown = readers(m, data), got = given(m.now, m.tab), image = got.media && m.images.get(got.media)
  unlessSame(part, [shown, got, image?.address, [...m.unfolded], data.accounts.length], () => replacePreviews(part, m, data, shown, got, image))
}

function replacePreviews (part, m, data, shown, got, image) {
  const again = () => m.redraw()
  const cards = shown.map(account => previewCard(account, got, image, m.unfolded, again, 'Your text appears here.'))
  const why = data.accounts.length ? 'Every account has its own text. Open its tab to see the post there.' : 'Pick an account to see the post as it will look there.'
  part.replaceChildren(...(cards.length ? cards : [el('div', 'empty', why)]))
}
