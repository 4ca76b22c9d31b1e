// Parts of a page that renew themselves: <div data-live="URL" data-on="EVENT" data-etag="…">.
// An event says only that something changed; the part is then fetched with the reader's own rights and swapped in if it differs.
// Pages work without this file; then people reload.
(function () {
  "use strict";
  var regions = Array.prototype.slice.call(document.querySelectorAll("[data-live]"));
  if (!regions.length || !window.EventSource || !window.fetch) return;
  var status = document.getElementById("live-status");

  function isBusy(region) {
    var active = document.activeElement;
    return !!active && region.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName);
  }

  function say(text) {
    if (status) status.textContent = text;
  }

  function swap(region, html, etag) {
    var open = Array.prototype.map.call(region.querySelectorAll("details[open][id]"), function (one) { return one.id; });
    var active = document.activeElement;
    var focused = active && region.contains(active) ? active.id : "";
    region.innerHTML = html;
    region.setAttribute("data-etag", etag);
    open.forEach(function (id) {
      var one = document.getElementById(id);
      if (one) one.open = true;
    });
    var again = focused && document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
    say("内容已更新");
  }

  function refresh(region) {
    if (region.loading) { region.again = true; return; }
    region.loading = true;
    region.again = false;
    fetch(region.getAttribute("data-live"), {
      headers: { "Accept": "text/html", "If-None-Match": '"' + region.getAttribute("data-etag") + '"' },
      credentials: "same-origin",
      cache: "no-store"
    }).then(function (answer) {
      if (answer.redirected) { window.location.reload(); return null; }
      if (!answer.ok) return null;
      var etag = (answer.headers.get("ETag") || "").replace(/"/g, "");
      return answer.text().then(function (html) {
        if (!isBusy(region)) { swap(region, html, etag); return; }
        // Never under somebody's fingers: what they are filling in stays until they leave it.
        say("有新内容，填完当前这一项后自动显示");
        region.addEventListener("focusout", function () { later(region); }, { once: true });
      });
    }).catch(function () { /* the next event tries again */ }).then(function () {
      region.loading = false;
      if (region.again) later(region);
    });
  }

  function later(region) {
    window.clearTimeout(region.timer);
    region.timer = window.setTimeout(function () { refresh(region); }, 150);
  }

  var source = new EventSource("/api/v1/events");
  // Also after a break in the line, and for what happened between the page and the stream.
  source.addEventListener("hello", function () { regions.forEach(later); });
  ["inbox", "candidates", "gap", "changed"].forEach(function (name) {
    source.addEventListener(name, function () {
      regions.forEach(function (region) { if (region.getAttribute("data-on") === name) later(region); });
    });
  });
  window.addEventListener("pagehide", function () { source.close(); });
  window.addEventListener("pageshow", function (event) { if (event.persisted) window.location.reload(); });
})();
