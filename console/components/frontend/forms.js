// Which form of post an account gets (core/posts/payloads.py says the same), and what is known of files.
function kindOf (view) {
  const family = (view?.mime ?? 'image/').split('/')[0]
  return family === 'image' || family === 'video' ? family : 'document'
}

function kindsOf (files, m) {
  return files.map(each => kindOf(m.media.get(each.media)))
}

function carries (form, kinds) {
  const [least, most] = form.files
  return kinds.length >= least && kinds.length <= most && kinds.every(kind => form.takes.includes(kind)) &&
    kinds.filter(kind => kind === 'video').length <= form.videos_most && (form.mixed || new Set(kinds).size < 2)
}

function formOf (account, got, m) {
  const { forms } = account.network, named = key => key && forms.find(each => each.key === key)
  if (got.format && !named(got.format)) return { ...forms[0], key: got.format, title: got.format, options: [] }
  const kinds = kindsOf(got.files, m)
  return named(got.format) || named(got.common) || forms.find(each => carries(each, kinds)) || forms[0]
}

// The accounts that a scope is about, each with what it gets and in which form.
function reached (m, data, scope = m.tab) {
  return data.accounts.filter(each => scope === null || each.id === scope).map(account => {
    const got = given(m.now, account.id)
    return { account, got, form: formOf(account, got, m) }
  })
}

// The forms that what a scope says may have: the one that was chosen, else any of the network.
function possibleForms (m, data, scope) {
  return reached(m, data, scope).flatMap(({ account, got }) => {
    const { forms } = account.network, named = key => forms.find(each => each.key === key)
    const chosen = named(got.format) ?? named(got.common)
    return chosen ? [chosen] : forms
  })
}

// What files some account takes: of which kinds, which types, how many. While no account is chosen, images.
function takenFiles (m, data, scope) {
  if (!data.accounts.length) return { kinds: ['image'], types: data.image_types, most: Infinity }
  const forms = possibleForms(m, data, scope).filter(form => form.files[1])
  const kinds = ['image', 'video', 'document'].filter(kind => forms.some(form => form.takes.includes(kind)))
  return { kinds, types: [...new Set(forms.flatMap(form => form.types))], most: Math.max(0, ...forms.map(form => form.files[1])) }
}

function either (names) {
  return [names.slice(0, -1).join(', '), names[names.length - 1]].filter(Boolean).join(' or ')
}

function lasting (ms) {
  const seconds = Math.round(ms / 1000)
  return Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0')
}

function sizeOf (view) {
  const size = view.size >= 1e6 ? (view.size / 1e6).toFixed(1) + ' MB' : Math.max(1, Math.round(view.size / 1000)).toLocaleString('en') + ' KB'
  const long = view.duration_ms ? lasting(view.duration_ms) : null, pages = view.pages ? view.pages + (view.pages > 1 ? ' pages' : ' page') : null
  return [view.width ? view.width + ' x ' + view.height : null, long, pages, size].filter(Boolean).join(', ')
}
