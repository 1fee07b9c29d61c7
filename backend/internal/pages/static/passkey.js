// Asks the browser for a passkey when a form with data-passkey is sent, and
// sends the form with the answer. All else is the service's; without a script
// the form has no button.
(() => {
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const known = list => (list || []).map(one => ({...one, id: bytes(one.id)}));

  const ask = asked => {
    const o = {...asked.publicKey, challenge: bytes(asked.publicKey.challenge)};
    if (!o.user) return navigator.credentials.get({publicKey: {...o, allowCredentials: known(o.allowCredentials)}});
    o.user = {...o.user, id: bytes(o.user.id)};
    return navigator.credentials.create({publicKey: {...o, excludeCredentials: known(o.excludeCredentials)}});
  };

  const answer = key => {
    const response = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'])
      if (key.response[name]) response[name] = text(key.response[name]);
    if (key.response.getTransports) response.transports = key.response.getTransports();
    return JSON.stringify({id: key.id, rawId: text(key.rawId), type: key.type, response});
  };

  const said = {
    NotAllowedError: 'No passkey was given. Try again when you have it at hand.',
    InvalidStateError: 'This account has that passkey already.',
    SecurityError: 'The browser asks for no passkeys at this address.',
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const button = form.querySelector('button'), alert = form.querySelector('[role=alert]');
    if (!window.PublicKeyCredential) {
      alert.textContent = 'This browser knows no passkeys.';
      alert.hidden = false;
      continue;
    }
    button.hidden = false;
    form.addEventListener('submit', event => {
      event.preventDefault();
      button.disabled = true;
      alert.hidden = true;
      ask(JSON.parse(form.dataset.passkey)).then(key => {
        const field = document.createElement('input');
        field.type = 'hidden';
        field.name = 'passkey';
        field.value = answer(key);
        form.append(field);
        form.submit();
      }, error => {
        button.disabled = false;
        alert.textContent = said[error.name] || 'The browser could not ask for a passkey: ' + error.message;
        alert.hidden = false;
      });
    });
  }
})();
