"use strict";exports.id=2964,exports.ids=[2964],exports.modules={21700:((_,k,m)=>{m.d(k,{T:()=>j});const y=["/root/.cache/go-build","/go/pkg/mod"],b=a=>["hack/install-go-licenses.sh",`backend/third_party_licenses/${a}.csv`],p=(a,d=a)=>({deployment:a,container:d}),w=(a,d,$)=>({name:a,dockerfile:d,context:".",repository:a,target:void 0,inputs:{kind:"dockerfile"},cacheMounts:[],buildArgs:{},bind:{},deploy:void 0,...$}),f=(a,d,$,C,D={})=>w(a,d,{inputs:{kind:"go",mainPackage:$,paths:b(C)},cacheMounts:y,...D}),O=[f("driver","backend/Dockerfile.driver","./backend/src/v2/cmd/driver","driver"),f("launcher","backend/Dockerfile.launcher","./backend/src/v2/cmd/launcher-v2","launcher"),f("apiserver","backend/Dockerfile","./backend/src/apiserver","apiserver",{buildArgs:{COMMIT_SHA:"{{sha}}",TAG_NAME:"commit-{{sha}}"},bind:{V2_DRIVER_IMAGE:"driver",V2_LAUNCHER_IMAGE:"launcher"},deploy:p("ml-pipeline","ml-pipeline-api-server")}),f("cacheserver","backend/Dockerfile.cacheserver","./backend/src/cache","cache_server",{deploy:p("cache-server","server")}),f("persistenceagent","backend/Dockerfile.persistenceagent","./backend/src/agent/persistence","persistence_agent",{deploy:p("ml-pipeline-persistenceagent")}),f("scheduledworkflow","backend/Dockerfile.scheduledworkflow","./backend/src/crd/controller/scheduledworkflow","swf",{deploy:p("ml-pipeline-scheduledworkflow")}),f("viewercontroller","backend/Dockerfile.viewercontroller","./backend/src/crd/controller/viewer","viewer",{deploy:p("ml-pipeline-viewer-crd")}),w("visualization","backend/Dockerfile.visualization",{deploy:p("ml-pipeline-visualizationserver")})],g=(a,d,$)=>({path:["spec",a,d],unlessFalse:["spec",a,"deploy"],deploy:$}),M={name:"opendatahub",group:"datasciencepipelinesapplications.opendatahub.io",version:void 0,kind:"DataSciencePipelinesApplication",resource:void 0,runAccount:"pipeline-runner-{{name}}",images:new Map([["driver",g("apiServer","argoDriverImage",void 0)],["launcher",g("apiServer","argoLauncherImage",void 0)],["apiserver",g("apiServer","image",p("ds-pipeline-{{name}}","ds-pipeline-api-server"))],["persistenceagent",g("persistenceAgent","image",p("ds-pipeline-persistenceagent-{{name}}","ds-pipeline-persistenceagent"))],["scheduledworkflow",g("scheduledWorkflow","image",p("ds-pipeline-scheduledworkflow-{{name}}","ds-pipeline-scheduledworkflow"))]])},j={source:void 0,images:new Map(O.map(a=>[a.name,a])),groups:new Map([["driver-launcher",["driver","launcher"]],["backend-all",O.map(a=>a.name)],["controller",["viewercontroller"]]]),operators:new Map([[M.name,M]])}}),42964:((_,k,m)=>{m.r(k),m.d(k,{completionsCommand:()=>$});var y=m(83916),b=m(21700),p=m(72642),w=m(58085),f=m(53155),O=m(94019);const g=t=>`# ${t} completion, made by \`kfp-images completions ${t}\`.`;function M(t){const c=t.flatMap(({name:e,flags:o})=>o.flatMap(n=>{const s=n.choices.join(" ");return n.takes==="file"?[`    '${e} --${n.name}') compopt -o default; return ;;`]:s!==""?[`    '${e} --${n.name}') values='${s}' ;;`]:n.takes==="text"?[`    '${e} --${n.name}') return ;;`]:[]})),r=t.flatMap(({name:e,flags:o})=>o.filter(({takes:n,choices:s})=>n==="nothing"&&s.length>0).map(n=>`${e} --${n.name}`)),u=t.map(({name:e,flags:o,operands:n})=>`    ${e}) values='${[...n,...o.map(s=>`--${s.name}`)].join(" ")}' ;;`);return`${g("bash")}
_kfp_images() {
  local current=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD - 1]} command='' values='' assigned='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  if [[ $current == '=' ]]; then current='' assigned=yes
  elif [[ $flag == '=' ]]; then flag=\${COMP_WORDS[COMP_CWORD - 2]} assigned=yes; fi
  case "$command $flag" in
${r.length===0?"":`    ${r.map(e=>`'${e}'`).join("|")}) [[ $assigned ]] || flag='' ;;
`}  esac
  case "$command $flag" in
${c.join(`
`)}
  esac
  if [[ ! $values ]]; then case $command in
    '') values='${[...t.map(({name:e})=>e),"help","--debug","--help","--version"].join(" ")}' ;;
${u.join(`
`)}
  esac; fi
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -F _kfp_images kfp-images
`}function j(t){const c=o=>`'${o.replaceAll("'","'\\''")}'`,r=o=>o.replace(/[[\]:\\]/g,"\\$&"),u=({name:o,description:n,takes:s,choices:l})=>{const i=l.length>0?`(${l.join(" ")})`:s==="file"?"_files":" ",h=s==="nothing"?l.length>0?"=-":"":"=",v=s==="nothing"&&l.length===0?"":`:${s==="nothing"?":":""}value:${i}`;return c(`*--${o}${h}[${r(n)}]${v}`)},e=t.map(({name:o,flags:n,operands:s})=>{const l=[...n.map(u),...s.length===0?[]:[c(`*:name:(${s.join(" ")})`)]];return`    ${o}) _arguments ${l.join(` \\
      `)} ;;`});return`#compdef kfp-images
${g("zsh")}
_kfp-images() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${t.map(({name:o,description:n})=>`    ${c(`${o}:${r(n)}`)}`).join(`
`)}
  )
  _arguments -C '--debug[also print debug output]' '--help[display help]' '--version[output the version number]' \\
    '1:command:->command' '*::argument:->arguments'
  case $state in
    command) _describe -t commands command commands ;;
    arguments) case $words[1] in
${e.join(`
`)}
    esac ;;
  esac
}
if [[ $funcstack[1] == _kfp-images ]]; then _kfp-images "$@"; else compdef _kfp-images kfp-images; fi
`}function a(t){const c=e=>`'${e.replace(/['\\]/g,"\\$&")}'`,r=(e,{name:o,description:n,takes:s,choices:l})=>{const i=l.length>0?` --arguments ${c(l.join(" "))}`:"";return`complete --command kfp-images --condition '__fish_seen_subcommand_from ${e}' --long-option ${o}${s==="nothing"?"":s==="file"?" --require-parameter --force-files":" --exclusive"}${i} --description ${c(n)}`},u=t.flatMap(({name:e,description:o,flags:n,operands:s})=>[`complete --command kfp-images --condition __fish_use_subcommand --arguments ${e} --description ${c(o)}`,...s.length===0?[]:[`complete --command kfp-images --condition '__fish_seen_subcommand_from ${e}' --arguments ${c(s.join(" "))}`],...n.map(l=>r(e,l))]);return`${g("fish")}
complete --command kfp-images --no-files
${u.join(`
`)}
`}const d={bash:M,zsh:j,fish:a},$=t=>(0,f.NB)({name:"completions",description:"Print the script that makes a shell complete commands, flags and their values.",operands:{value:"<shell>",description:"bash, zsh or fish",choices:Object.keys(d)},inputs:[],flags:{},json:"print the commands with their flags as one JSON document on standard output",examples:["completions bash > ~/.local/share/bash-completion/completions/kfp-images","completions zsh > ~/.zfunc/_kfp-images  # with fpath+=(~/.zfunc) before compinit in ~/.zshrc","completions fish > ~/.config/fish/completions/kfp-images.fish"],async run({operands:[c=""]}){const r=Object.entries(d).find(([e])=>e===c)?.[1];if(r===void 0)throw new y.eb(`completions ${(0,w.T)(c)}: give one of ${Object.keys(d).join(", ")}.`);const u=(await t()).map(D);return{document:{commands:u},text:r(u)}}}),C=[...b.T.images.keys(),...b.T.groups.keys(),"all"];function D({name:t,description:c,inputs:r,flags:u,json:e,operands:o}){const n=Object.entries(u).map(([i,{kind:h,value:v="",description:P}])=>{const S=/<(?:file|path)/.test(v),R=h==="switch"||h==="optional"||h==="optional-list",A=i==="images"?C:h==="optional"?v.slice(1,-1).split("|"):[];return{name:i,description:P,takes:R?"nothing":S?"file":"text",choices:A}}),s=p.eh.filter(i=>r.includes(i.name)).map(i=>{const h="choices"in i?i.choices:i.kind==="boolean"?["true","false"]:[],v=i.name==="images"?C:h,P=i.kind==="secret"||i.name==="catalog"||i.name==="working-directory",S=i.kind==="boolean"?"nothing":P?"file":"text";return{name:i.name,description:(0,O.us)(i,r.includes("push")),takes:S,choices:v}}),l=[{name:"json",description:e??"print one JSON document on standard output"},{name:"debug",description:"also print debug output"},{name:"help",description:"display help for command"}].map(i=>({...i,takes:"nothing",choices:[]}));return{name:t,description:c,flags:[...s,...n,...l],operands:o?.choices??[]}}})};
