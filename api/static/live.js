// Parts of a page that renew themselves: <div data-live="URL" data-on="EVENT" data-etag="…">.
// An event says only that something changed; the part is then fetched with the reader's own rights and swapped in if it differs.
// Pages work without this file; then people reload.
(function () {
  "use strict";
  var regions = Array.prototype.slice.call(document.querySelectorAll("[data-live]"));
  if (!regions.length || !window.EventSource || !window.fetch) return;
  var status = document.getElementById("live-status");

  var pressed = false;
  var waiting = [];

  // Never under somebody's fingers: a field in use or filled in stays, and so does a button that is being pressed.
  function isBusy(region) {
    var active = document.activeElement;
    if (pressed || (active && region.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName))) return true;
    return Array.prototype.some.call(region.querySelectorAll("input, textarea, select"), function (field) {
      if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
      if (field.tagName !== "SELECT") return field.type !== "hidden" && field.value !== field.defaultValue;
      var chosen = Array.prototype.findIndex.call(field.options, function (option) { return option.defaultSelected; });
      return field.selectedIndex !== Math.max(0, chosen);
    });
  }

  function say(text, visible) {
    if (!status) return;
    status.textContent = text;
    status.className = visible ? "toast" : "hidden";
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
        if (waiting.indexOf(region) < 0) waiting.push(region);
        say("有新内容，正在填的提交以后显示", true);
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

  function retry() {
    if (waiting.length) waiting.splice(0).forEach(later);
  }

  document.addEventListener("pointerdown", function () { pressed = true; });
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function () { pressed = false; window.setTimeout(retry, 150); });
  });
  document.addEventListener("focusout", function () { window.setTimeout(retry, 150); });

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
