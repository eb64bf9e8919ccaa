(function(){
'use strict';
var root=document.documentElement,store=null;
try{store=window.localStorage}catch(e){}
function kept(name){try{return store&&store.getItem(name)}catch(e){return null}}
function keep(name,value){try{store.setItem(name,value)}catch(e){}}
function each(what,act,within){Array.prototype.forEach.call((within||document).querySelectorAll(what),act)}
// light and dark
var scheme=document.getElementById('scheme');
function dark(){var s=root.getAttribute('data-scheme');return s?s==='dark':matchMedia('(prefers-color-scheme: dark)').matches}
function shade(){scheme.textContent=dark()?'Light':'Dark'}
if(kept('kzsec-scheme'))root.setAttribute('data-scheme',kept('kzsec-scheme'));
scheme.hidden=false;shade();
scheme.addEventListener('click',function(){var s=dark()?'light':'dark';root.setAttribute('data-scheme',s);keep('kzsec-scheme',s);shade()});
// all code at once, remembered
var code=document.getElementById('code');
function unfold(all){each('details.code',function(d){d.open=all});code.setAttribute('aria-pressed',all)}
if(document.querySelector('details.code')){
code.hidden=false;unfold(kept('kzsec-code')==='shown');
code.addEventListener('click',function(){var all=code.getAttribute('aria-pressed')!=='true';unfold(all);keep('kzsec-code',all?'shown':'folded')});
}
// a folded list opens for whoever is led into it
function open(){var at=location.hash&&document.getElementById(decodeURIComponent(location.hash.slice(1)));if(!at)return;for(var box=at.closest('details');box;box=box.parentElement.closest('details'))box.open=true;at.scrollIntoView()}
addEventListener('hashchange',open);open();
document.addEventListener('click',function(e){var a=e.target.closest&&e.target.closest('a');var h=a&&(a.getAttribute('href')||a.getAttribute('xlink:href'));if(h&&h===location.hash)open()});
// tables sort by a column: up, down, as they were
function value(row,at){return row.cells[at]?row.cells[at].textContent.trim():''}
function sorting(table){
var body=table.tBodies[0],rows=Array.prototype.slice.call(body.rows),heads=Array.prototype.slice.call(table.tHead.rows[0].cells);
if(rows.length<3||rows.some(function(r){return r.cells.length!==heads.length}))return;
heads.forEach(function(head,at){
var name=head.textContent.trim();if(!name||head.tagName!=='TH')return;
var button=document.createElement('button');button.type='button';button.className='sort';button.textContent='↕';
button.setAttribute('aria-label','Sort by '+name);head.appendChild(button);
var number=rows.every(function(r){return /^-?[\d.,]*%?$/.test(value(r,at))});
button.addEventListener('click',function(){
var next={none:'ascending',ascending:'descending',descending:'none'}[head.getAttribute('aria-sort')||'none'];
heads.forEach(function(h){h.removeAttribute('aria-sort');each('.sort',function(b){b.textContent='↕'},h)});
if(next!=='none')head.setAttribute('aria-sort',next);
button.textContent={none:'↕',ascending:'↑',descending:'↓'}[next];
var sorted=rows.slice();
if(next!=='none')sorted.sort(function(a,b){var x=value(a,at),y=value(b,at);
if(!x||!y)return x?-1:y?1:0;
return(next==='ascending'?1:-1)*(number?parseFloat(x.replace(/,/g,''))-parseFloat(y.replace(/,/g,'')):x.localeCompare(y,'en',{numeric:true}))});
sorted.forEach(function(r){body.appendChild(r)});
});
});
}
each('table',function(table){if(table.tHead&&table.tBodies.length)sorting(table)});
// code and citations can be copied: selected, so that a key does it where the browser does not
each('details.code pre,.cite',function(box){
var button=document.createElement('button');button.type='button';button.className='copy';button.textContent='Copy';
box.parentNode.insertBefore(button,box);
button.addEventListener('click',function(){getSelection().selectAllChildren(box);button.textContent=document.execCommand('copy')?'Copied':'Selected'});
});
// all sentences by their words
var search=document.getElementById('search');
if(search){
var items=Array.prototype.map.call(document.querySelectorAll('.found li'),function(li){return[li,li.textContent.toLowerCase()]}),field=search.querySelector('input');
search.hidden=false;
function narrow(){
var words=field.value.toLowerCase().split(/\s+/);
items.forEach(function(item){item[0].hidden=!words.every(function(word){return item[1].indexOf(word)>=0})});
search.querySelector('output').textContent=items.filter(function(item){return item[0].getClientRects().length}).length+' sentences';
}
search.parentNode.addEventListener('input',narrow);narrow();
}
})();
