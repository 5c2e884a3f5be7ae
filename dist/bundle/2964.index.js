"use strict";exports.id=2964,exports.ids=[2964],exports.modules={21700:((_,k,m)=>{m.d(k,{T:()=>j});const y=["/root/.cache/go-build","/go/pkg/mod"],b=a=>["hack/install-go-licenses.sh",`backend/third_party_licenses/${a}.csv`],p=(a,d=a)=>({deployment:a,container:d}),w=(a,d,$)=>({name:a,dockerfile:d,context:".",repository:a,target:void 0,inputs:{kind:"dockerfile"},cacheMounts:[],buildArgs:{},bind:{},deploy:void 0,...$}),u=(a,d,$,C,D={})=>w(a,d,{inputs:{kind:"go",mainPackage:$,paths:b(C)},cacheMounts:y,...D}),O=[u("driver","backend/Dockerfile.driver","./backend/src/v2/cmd/driver","driver"),u("launcher","backend/Dockerfile.launcher","./backend/src/v2/cmd/launcher-v2","launcher"),u("apiserver","backend/Dockerfile","./backend/src/apiserver","apiserver",{buildArgs:{COMMIT_SHA:"{{sha}}",TAG_NAME:"commit-{{sha}}"},bind:{V2_DRIVER_IMAGE:"driver",V2_LAUNCHER_IMAGE:"launcher"},deploy:p("ml-pipeline","ml-pipeline-api-server")}),u("cacheserver","backend/Dockerfile.cacheserver","./backend/src/cache","cache_server",{deploy:p("cache-server","server")}),u("persistenceagent","backend/Dockerfile.persistenceagent","./backend/src/agent/persistence","persistence_agent",{deploy:p("ml-pipeline-persistenceagent")}),u("scheduledworkflow","backend/Dockerfile.scheduledworkflow","./backend/src/crd/controller/scheduledworkflow","swf",{deploy:p("ml-pipeline-scheduledworkflow")}),u("viewercontroller","backend/Dockerfile.viewercontroller","./backend/src/crd/controller/viewer","viewer",{deploy:p("ml-pipeline-viewer-crd")}),w("visualization","backend/Dockerfile.visualization",{deploy:p("ml-pipeline-visualizationserver")})],f=(a,d,$)=>({path:["spec",a,d],unlessFalse:["spec",a,"deploy"],deploy:$}),M={name:"opendatahub",group:"datasciencepipelinesapplications.opendatahub.io",version:void 0,kind:"DataSciencePipelinesApplication",resource:void 0,runAccount:"pipeline-runner-{{name}}",images:new Map([["driver",f("apiServer","argoDriverImage",void 0)],["launcher",f("apiServer","argoLauncherImage",void 0)],["apiserver",f("apiServer","image",p("ds-pipeline-{{name}}","ds-pipeline-api-server"))],["persistenceagent",f("persistenceAgent","image",p("ds-pipeline-persistenceagent-{{name}}","ds-pipeline-persistenceagent"))],["scheduledworkflow",f("scheduledWorkflow","image",p("ds-pipeline-scheduledworkflow-{{name}}","ds-pipeline-scheduledworkflow"))]])},j={source:void 0,images:new Map(O.map(a=>[a.name,a])),groups:new Map([["driver-launcher",["driver","launcher"]],["backend-all",O.map(a=>a.name)],["controller",["viewercontroller"]]]),operators:new Map([[M.name,M]])}}),42964:((_,k,m)=>{m.r(k),m.d(k,{completionsCommand:()=>$});var y=m(83916),b=m(21700),p=m(72642),w=m(58085),u=m(29689),O=m(53155);const f=t=>`# ${t} completion, made by \`kfp-images completions ${t}\`.`;function M(t){const c=t.flatMap(({name:n,flags:i})=>i.flatMap(e=>{const s=e.choices.join(" ");return e.takes==="file"?[`    '${n} --${e.name}') compopt -o default; return ;;`]:s!==""?[`    '${n} --${e.name}') values='${s}' ;;`]:e.takes==="text"?[`    '${n} --${e.name}') return ;;`]:[]})),l=t.flatMap(({name:n,flags:i})=>i.filter(({takes:e,choices:s})=>e==="nothing"&&s.length>0).map(e=>`${n} --${e.name}`)),g=t.map(({name:n,flags:i,operands:e})=>`    ${n}) values='${[...e,...i.map(s=>`--${s.name}`)].join(" ")}' ;;`);return`${f("bash")}
_kfp_images() {
  local current=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD - 1]} command='' values='' assigned='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  if [[ $current == '=' ]]; then current='' assigned=yes
  elif [[ $flag == '=' ]]; then flag=\${COMP_WORDS[COMP_CWORD - 2]} assigned=yes; fi
  case "$command $flag" in
${l.length===0?"":`    ${l.map(n=>`'${n}'`).join("|")}) [[ $assigned ]] || flag='' ;;
`}  esac
  case "$command $flag" in
${c.join(`
`)}
  esac
  if [[ ! $values ]]; then case $command in
    '') values='${[...t.map(({name:n})=>n),"help","--debug","--help","--version"].join(" ")}' ;;
${g.join(`
`)}
  esac; fi
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -F _kfp_images kfp-images
`}function j(t){const c=i=>`'${i.replaceAll("'","'\\''")}'`,l=i=>i.replace(/[[\]:\\]/g,"\\$&"),g=({name:i,description:e,takes:s,choices:r})=>{const o=r.length>0?`(${r.join(" ")})`:s==="file"?"_files":" ",h=s==="nothing"?r.length>0?"=-":"":"=",v=s==="nothing"&&r.length===0?"":`:${s==="nothing"?":":""}value:${o}`;return c(`*--${i}${h}[${l(e)}]${v}`)},n=t.map(({name:i,flags:e,operands:s})=>{const r=[...e.map(g),...s.length===0?[]:[c(`*:name:(${s.join(" ")})`)]];return`    ${i}) _arguments ${r.join(` \\
      `)} ;;`});return`#compdef kfp-images
${f("zsh")}
_kfp-images() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${t.map(({name:i,description:e})=>`    ${c(`${i}:${l(e)}`)}`).join(`
`)}
  )
  _arguments -C '--debug[also print debug output]' '--help[display help]' '--version[output the version number]' \\
    '1:command:->command' '*::argument:->arguments'
  case $state in
    command) _describe -t commands command commands ;;
    arguments) case $words[1] in
${n.join(`
`)}
    esac ;;
  esac
}
if [[ $funcstack[1] == _kfp-images ]]; then _kfp-images "$@"; else compdef _kfp-images kfp-images; fi
`}function a(t){const c=n=>`'${n.replace(/['\\]/g,"\\$&")}'`,l=(n,{name:i,description:e,takes:s,choices:r})=>{const o=r.length>0?` --arguments ${c(r.join(" "))}`:"";return`complete --command kfp-images --condition '__fish_seen_subcommand_from ${n}' --long-option ${i}${s==="nothing"?"":s==="file"?" --require-parameter --force-files":" --exclusive"}${o} --description ${c(e)}`},g=t.flatMap(({name:n,description:i,flags:e,operands:s})=>[`complete --command kfp-images --condition __fish_use_subcommand --arguments ${n} --description ${c(i)}`,...s.length===0?[]:[`complete --command kfp-images --condition '__fish_seen_subcommand_from ${n}' --arguments ${c(s.join(" "))}`],...e.map(r=>l(n,r))]);return`${f("fish")}
complete --command kfp-images --no-files
${g.join(`
`)}
`}const d={bash:M,zsh:j,fish:a},$=(0,O.NB)({name:"completions",description:"Print the script that makes a shell complete commands, flags and their values.",operands:{value:"<shell>",description:"bash, zsh or fish",choices:Object.keys(d)},inputs:[],flags:{},json:"print the commands with their flags as one JSON document on standard output",examples:["completions bash > ~/.local/share/bash-completion/completions/kfp-images","completions zsh > ~/.zfunc/_kfp-images  # with fpath+=(~/.zfunc) before compinit in ~/.zshrc","completions fish > ~/.config/fish/completions/kfp-images.fish"],async run({operands:[t=""]}){const c=Object.entries(d).find(([g])=>g===t)?.[1];if(c===void 0)throw new y.eb(`completions ${(0,w.T)(t)}: give one of ${Object.keys(d).join(", ")}.`);const l=(await(0,u.i)()).map(D);return{document:{commands:l},text:c(l)}}}),C=[...b.T.images.keys(),...b.T.groups.keys(),"all"];function D({name:t,description:c,inputs:l,flags:g,json:n,operands:i}){const e=Object.entries(g).map(([o,{kind:h,value:v="",description:P}])=>{const S=/<(?:file|path)/.test(v),R=h==="switch"||h==="optional"||h==="optional-list",A=o==="images"?C:h==="optional"?v.slice(1,-1).split("|"):[];return{name:o,description:P,takes:R?"nothing":S?"file":"text",choices:A}}),s=p.eh.filter(o=>l.includes(o.name)).map(o=>{const h="choices"in o?o.choices:o.kind==="boolean"?["true","false"]:[],v=o.name==="images"?C:h,P=o.kind==="secret"||o.name==="catalog"||o.name==="working-directory",S=o.kind==="boolean"?"nothing":P?"file":"text";return{name:o.name,description:o.description,takes:S,choices:v}}),r=[{name:"json",description:n??"print one JSON document on standard output"},{name:"debug",description:"also print debug output"},{name:"help",description:"display help for command"}].map(o=>({...o,takes:"nothing",choices:[]}));return{name:t,description:c,flags:[...s,...e,...r],operands:i?.choices??[]}}})};
