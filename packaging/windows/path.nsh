; The folder's entry in the user's PATH. A string of NSIS ends after 1,024 characters, and a PATH may be longer: so it is
; read, changed and written in memory of the system's, and keeps its type and every other entry to the letter.

; As 64-bit programs write 0x80000001.
!define PATH_ROOT -2147483647
; RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND
!define PATH_AS_IT_IS 0x10000006
!define PATH_MISSING 2
!define REG_EXPAND_SZ 2

!macro PathFunctions un

; $0: the PATH between two semicolons, to be freed; 0 when it cannot be read. $1: its type. $2: where our entry is, or 0.
Function ${un}LoadPath
  StrCpy $0 0
  StrCpy $2 0
  System::Call 'advapi32::RegGetValueW(p ${PATH_ROOT}, w "Environment", w "Path", i ${PATH_AS_IT_IS}, *i .r1, p 0, *i .r3) i .r4'
  ${If} $4 = ${PATH_MISSING}
    StrCpy $1 ${REG_EXPAND_SZ}
    StrCpy $3 2
  ${ElseIf} $4 <> 0
    Return
  ${EndIf}
  ; Zeros, with room for the entry and the semicolons behind it.
  StrLen $5 ";$INSTDIR;"
  IntOp $5 $5 * 2
  IntOp $5 $5 + $3
  IntOp $5 $5 + 8
  System::Alloc $5
  Pop $0
  ${If} $4 = 0
    IntPtrOp $5 $0 + 2
    System::Call 'advapi32::RegGetValueW(p ${PATH_ROOT}, w "Environment", w "Path", i ${PATH_AS_IT_IS}, *i .r1, p r5, *i r3) i .r4'
    ${If} $4 <> 0
      System::Free $0
      StrCpy $0 0
      Return
    ${EndIf}
  ${EndIf}
  ; The first semicolon stands before what was read.
  System::Call '*$0(&i2 59)'
  System::Call 'kernel32::lstrcatW(p r0, w ";")'
  Call ${un}FindInPath
FunctionEnd

Function ${un}FindInPath
  StrCpy $R0 ";$INSTDIR;"
  System::Call 'shlwapi::StrStrIW(p r0, w R0) p .r2'
FunctionEnd

; Writes the text at $5 as the PATH, of the type $1, and tells the programs that are running.
Function ${un}SavePath
  System::Call 'kernel32::lstrlenW(p r5) i .r6'
  IntOp $6 $6 * 2
  IntOp $6 $6 + 2
  System::Call 'advapi32::RegSetKeyValueW(p ${PATH_ROOT}, w "Environment", w "Path", i r1, p r5, i r6)'
  Call ${un}TellOfPath
FunctionEnd

Function ${un}TellOfPath
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
FunctionEnd

Function ${un}RemoveFromPath
  Call ${un}LoadPath
  ${If} $0 P= 0
    Return
  ${EndIf}
  StrCpy $7 0
  ${DoWhile} $2 P<> 0
    StrCpy $7 1
    ; From the semicolon behind the entry on, everything moves to the one before it.
    StrLen $5 ";$INSTDIR"
    IntOp $5 $5 * 2
    IntPtrOp $5 $2 + $5
    System::Call 'kernel32::lstrlenW(p r5) i .r6'
    IntOp $6 $6 * 2
    IntOp $6 $6 + 2
    System::Call 'kernel32::RtlMoveMemory(p r2, p r5, p r6)'
    Call ${un}FindInPath
  ${Loop}
  ${If} $7 = 1
    System::Call 'kernel32::lstrlenW(p r0) i .r6'
    ${If} $6 < 2
      DeleteRegValue HKCU Environment Path
      Call ${un}TellOfPath
    ${Else}
      ; Without the two semicolons that are not its own.
      IntOp $6 $6 - 1
      IntOp $6 $6 * 2
      IntPtrOp $5 $0 + $6
      System::Call '*$5(&i2 0)'
      IntPtrOp $5 $0 + 2
      Call ${un}SavePath
    ${EndIf}
  ${EndIf}
  System::Free $0
FunctionEnd

!if "${un}" == ""

Function AddToPath
  Call LoadPath
  ${If} $0 P= 0
    Return
  ${EndIf}
  ${If} $2 P= 0
    System::Call 'kernel32::lstrlenW(p r0) i .r6'
    StrCpy $R0 $INSTDIR
    System::Call 'kernel32::lstrcatW(p r0, w R0)'
    ; An empty PATH leaves no semicolon to come before.
    ${If} $6 = 2
      IntPtrOp $5 $0 + 4
    ${Else}
      IntPtrOp $5 $0 + 2
    ${EndIf}
    Call SavePath
  ${EndIf}
  System::Free $0
FunctionEnd

; $0: yes or no.
Function IsInPath
  Call LoadPath
  ${If} $0 P<> 0
    System::Free $0
  ${EndIf}
  ${If} $2 P<> 0
    StrCpy $0 yes
  ${Else}
    StrCpy $0 no
  ${EndIf}
FunctionEnd

!endif

!macroend
