package pam

import "strings"

// StoreType is the kind of account store a credential lives in. The numbers
// are RED IM's own (wire protocol reference, section 4; attested in full by
// one shipped client, value 1 by a second).
type StoreType int

// The store types in the service's numbering.
const (
	StoreUnknown StoreType = iota
	StoreWindows
	StoreUnix
	StoreAS400
	StoreOS390
	StoreTN3270
	StoreIPMI
	StoreDRAC
	StoreCisco
	StoreSQLServer
	StoreOracle
	StoreSybase
	StoreMySQL
	StoreDB2
	StoreOracleDirectory
	StoreEDirectory
	StoreTivoliDirectory
	StoreViewDS
	StoreCustom
	StorePasswordList
	StorePostgreSQL
	StoreTeradata
	StoreXerox
	StoreExternal
)

// storeNames holds, per type, the service's name and the name used in settings.
func storeNames() [24][2]string {
	return [24][2]string{
		{"Unknown", "unknown"}, {"OS_Windows", "windows"}, {"OS_UnixAndCompat", "linux"}, {"OS_AS400", "as400"},
		{"OS_OS390", "os390"}, {"CommType_TN3270", "tn3270"}, {"BMC_IPMI_Generic", "ipmi"}, {"BMC_DRAC", "drac"},
		{"Router_Cisco", "cisco"}, {"DB_SQLServer", "mssql"}, {"DB_Oracle", "oracle"}, {"DB_Sybase", "sybase"},
		{"DB_MySql", "mysql"}, {"DB_DB2", "db2"}, {"Directory_OracleInternetDirectory", "oid"}, {"Directory_Novell_eDirectory", "edirectory"},
		{"Directory_IBM_Tivoli", "tivoli"}, {"Directory_ViewDS", "viewds"}, {"Custom", "custom"}, {"PasswordList", "passwordlist"},
		{"DB_PostgreSQL", "postgresql"}, {"DB_Teradata", "teradata"}, {"OS_XeroxPhaser", "xerox"}, {"External", "external"},
	}
}

// WireName is the service's name of the type, for example OS_UnixAndCompat.
func (t StoreType) WireName() string { return t.name(0) }

// String is the type's name in settings and tables, for example linux.
func (t StoreType) String() string { return t.name(1) }

func (t StoreType) name(column int) string {
	names := storeNames()
	if t < 0 || int(t) >= len(names) {
		t = StoreUnknown
	}
	return names[t][column]
}

// ParseStoreType reads either name of a type; case does not matter.
func ParseStoreType(text string) (StoreType, error) {
	for i, n := range storeNames() {
		if strings.EqualFold(text, n[0]) || strings.EqualFold(text, n[1]) {
			return StoreType(i), nil
		}
	}
	return StoreUnknown, Failf(ErrUsage, "%q is not an account-store type", text).WithHint("use one of %s", strings.Join(StoreTypeNames(), ", "))
}

// StoreTypeNames lists the names used in settings, in the service's order.
func StoreTypeNames() []string {
	var out []string
	for _, n := range storeNames() {
		out = append(out, n[1])
	}
	return out
}

// TargetName is what the service calls the store of a system: the system for
// operating systems, SYSTEM\INSTANCE for databases (the instance may be empty,
// the backslash stays; wire protocol reference, section 4).
func (t StoreType) TargetName(system, instance string) string {
	switch t {
	case StoreSQLServer, StoreOracle, StoreSybase, StoreMySQL, StoreDB2, StorePostgreSQL, StoreTeradata:
		return system + `\` + instance
	}
	return system
}
