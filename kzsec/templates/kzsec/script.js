(function(){
var root=document.documentElement,button=document.getElementById('scheme'),store;
try{store=window.localStorage}catch(e){store=null}
function dark(){var s=root.getAttribute('data-scheme');return s?s==='dark':matchMedia('(prefers-color-scheme: dark)').matches}
function show(){button.textContent=dark()?'Light':'Dark'}
try{var kept=store&&store.getItem('kzsec-scheme');if(kept)root.setAttribute('data-scheme',kept)}catch(e){}
button.hidden=false;show();
button.addEventListener('click',function(){var s=dark()?'light':'dark';root.setAttribute('data-scheme',s);try{store.setItem('kzsec-scheme',s)}catch(e){}show()});
function open(){var at=location.hash&&document.getElementById(decodeURIComponent(location.hash.slice(1)));if(!at)return;var box=at.closest('details');if(box&&!box.open)box.open=true;at.scrollIntoView()}
addEventListener('hashchange',open);open();
document.addEventListener('click',function(e){var a=e.target.closest&&e.target.closest('a');var h=a&&(a.getAttribute('href')||a.getAttribute('xlink:href'));if(h&&h===location.hash)open()});
})();
