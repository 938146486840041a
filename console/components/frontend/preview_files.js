// The files of a post as a network shows them: one by itself, several as a grid or one after the other, a story upright.
const MOST_TILES = 4

function shownFiles (account, form, post, means) {
  const { files } = post
  if (files.length === 1) return shownFile(account, form, files[0], post.cover, means)
  // Where nothing goes without an image, several are leafed through; elsewhere they stand side by side.
  return account.network.needs_media ? carousel(account, form, post, means) : grid(account, form, post, means)
}

// Where a file has to be and none is yet: what the card will be made of stands there all the same.
function fileToCome (form) {
  const video = !form.takes.includes('image')
  const place = el('div', 'pic to-come', icon(video ? 'movie' : 'image'), video ? 'No video yet' : 'No image yet')
  if (!form.takes_text) place.style.aspectRatio = '9 / 16'
  return place
}

function carousel (account, form, post, means) {
  const { files } = post, { slides, again } = means
  const at = Math.min(slides.get(account.id) ?? 0, files.length - 1)
  const turn = (classes, words, name, to) => {
    const button = el('button', 'turn ' + classes, icon(name))
    // The card is drawn anew: who leafs by keyboard stays on the button, or at the end on the one back.
    const go = () => {
      const root = button.getRootNode(), turned = side => root.querySelector('[data-turn="' + account.id + ' ' + side + '"]:not(:disabled)')
      slides.set(account.id, to)
      again()
      const stays = turned(classes) ?? turned(classes === 'on' ? 'back' : 'on')
      stays?.focus({ preventScroll: true })
    }
    Object.assign(button, { type: 'button', disabled: to < 0 || to >= files.length, onclick: go })
    button.dataset.turn = account.id + ' ' + classes
    button.setAttribute('aria-label', words)
    return button
  }
  const dots = el('div', 'dots', ...files.map((_, number) => el('i', number === at ? 'on' : '')))
  dots.setAttribute('aria-hidden', 'true')
  const count = el('span', 'badge-on', (at + 1) + ' / ' + files.length)
  const frame = el('div', 'frame', shownFile(account, form, files[at], post.cover, means, ratioOf(form, files[0])), count,
    turn('back', 'File before', 'chevron_left', at - 1), turn('on', 'Next file', 'chevron_right', at + 1))
  return el('div', 'carousel', frame, dots)
}

function grid (account, form, post, means) {
  const wide = at => post.files.length === 3 && at === 0 ? 2 : 1
  const tiles = post.files.slice(0, MOST_TILES).map((file, at) => shownFile(account, form, file, post.cover, means, wide(at)))
  const rest = post.files.length - MOST_TILES
  if (rest > 0) tiles[MOST_TILES - 1] = el('div', 'frame', tiles[MOST_TILES - 1], el('span', 'rest', '+' + rest))
  return el('div', 'grid n' + tiles.length, ...tiles)
}

function shownFile (account, form, file, cover, means, ratio = ratioOf(form, file)) {
  const kind = kindOf(file)
  if (kind === 'document') return documentCard(file)
  const shown = kind === 'video' ? film(file, cover) : kept(account, file, means)
  shown.style.aspectRatio = String(ratio)
  if (kind !== 'video') return shown
  return el('div', 'frame', shown, el('span', 'play', icon('play_arrow')), file.duration_ms ? el('span', 'badge-on', lasting(file.duration_ms)) : null)
}

// What fills a screen that is held upright is shown narrow.
function isUpright (form, files) {
  return !form.takes_text || (files.length === 1 && kindOf(files[0]) === 'video' && files[0].width / files[0].height < 0.7)
}

// Nothing is shown wider or higher than the network takes; what fills the screen is upright.
function ratioOf (form, file) {
  if (!form.takes_text) return 9 / 16
  const [least, most] = form.ratio ?? [0.4, Infinity]
  return file.width && file.height ? Math.min(most, Math.max(least, file.width / file.height)) : 1
}

function film (file, cover) {
  const address = cover?.address ?? file.poster
  if (!address) {
    const video = el('video', 'pic')
    Object.assign(video, { src: file.address, muted: true, preload: 'metadata', tabIndex: -1 })
    video.setAttribute('aria-label', 'Video')
    return video
  }
  const image = el('img', 'pic')
  Object.assign(image, { src: address, alt: 'Video' })
  return image
}

function documentCard (file) {
  return el('div', 'doc', icon('description'), el('span', 'cut', file.file_name ?? 'Document'), file.pages ? el('small', 'quiet', file.pages + (file.pages > 1 ? ' pages' : ' page')) : null)
}

// Drawn again an image is the same element, so that it doesn't blink at every key.
const PICTURES = new WeakMap()
function kept (account, file, { unfolded }) {
  if (!PICTURES.has(unfolded)) PICTURES.set(unfolded, new Map())
  const pictures = PICTURES.get(unfolded), key = account.id + file.address
  const shown = pictures.get(key) ?? el('img', 'pic')
  pictures.set(key, shown)
  if (shown.getAttribute('src') !== file.address) shown.src = file.address
  shown.alt = file.alt || 'Image without a description'
  return shown
}
